import { GenericContainer, getContainerRuntimeClient, getReaper, StartupCheckStrategy } from 'testcontainers'
import { profileProperties } from '../profile.ts'
import type { Component, StackOptions } from '../stack.ts'
import { makeNetwork, makeVolume } from './engine.ts'
import { containerName, type Definition, definitionOf, projectName } from './project.ts'

/**
 * Makes and starts the container that compose.yaml describes, without Compose, as a test wants it: the reaper of
 * testcontainers removes it with its network and volumes when the test's process is gone, unless it is to be reused.
 */
export async function launchWithTestcontainers(component: Component, options: StackOptions): Promise<void> {
  const definition = await definitionOf(component, options)
  const project = projectName(options.directory)
  const network = `${project}_default`
  const labels = options.reuse === true ? {} : await labelsOfTheReaper()
  await makeNetwork(network, labels)
  for (const { source, file } of definition.volumes) {
    if (file === undefined) await makeVolume(`${project}_${source}`, labels)
  }
  const container = new LoopbackContainer(definition)
    .withName(containerName(project, component))
    .withNetworkMode(network)
    .withNetworkAliases(component)
    .withEnvironment(withProfile(definition.environment, component, options))
    .withBindMounts(
      definition.volumes.map(({ source, target, file }) =>
        file === undefined ? { source: `${project}_${source}`, target } : { source: file, target, mode: 'ro' },
      ),
    )
    // Whether it does its work is asked by the stack, from outside.
    .withWaitStrategy(new Launched())
  await (options.reuse === true ? container.withReuse() : container).start()
}

/** testcontainers publishes ports on every address; compose.yaml says which one. */
class LoopbackContainer extends GenericContainer {
  readonly #definition: Definition

  constructor(definition: Definition) {
    super(definition.image)
    this.#definition = definition
    const { user, entrypoint, command, tmpfs, mem_limit, shm_size } = definition
    if (user !== undefined) this.withUser(user)
    if (entrypoint !== undefined) this.withEntrypoint(entrypoint)
    if (command !== undefined) this.withCommand(command)
    if (shm_size !== undefined) this.withSharedMemorySize(bytes(shm_size))
    this.withTmpFs(Object.fromEntries(tmpfs.map((path) => [path, ''])))
    this.withResourcesQuota({ memory: bytes(mem_limit) / 1024 ** 3 })
    this.withExposedPorts(...definition.ports.map(({ host, container }) => ({ host, container })))
  }

  protected override async beforeContainerCreated(): Promise<void> {
    this.hostConfig.PortBindings = Object.fromEntries(
      this.#definition.ports.map(({ address, host, container }) => [
        `${container}/tcp`,
        [{ HostIp: address, HostPort: String(host) }],
      ]),
    )
  }
}

class Launched extends StartupCheckStrategy {
  override async checkStartupState(): Promise<'SUCCESS'> {
    return 'SUCCESS'
  }
}

async function labelsOfTheReaper(): Promise<Readonly<Record<string, string>>> {
  const { sessionId } = await getReaper(await getContainerRuntimeClient())
  return { 'org.testcontainers': 'true', 'org.testcontainers.session-id': sessionId }
}

/** What a profile changes, in the way in which compose.yaml hands properties to each image. */
function withProfile(
  environment: Definition['environment'],
  component: Component,
  { profile }: StackOptions,
): Record<string, string> {
  switch (component) {
    case 'postgres':
      return environment
    case 'kafka':
      return {
        ...environment,
        ...Object.fromEntries(
          Object.entries(profileProperties[profile].kafka).map(([name, value]) => [
            `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`,
            String(value),
          ]),
        ),
        ...compiler(environment, profile),
      }
    case 'connect': {
      const lines = Object.entries(profileProperties[profile].connect).map(([name, value]) => `${name}=${value}`)
      return {
        ...environment,
        CONNECT_PROPERTIES: [environment['CONNECT_PROPERTIES'], ...lines].join('\n'),
        ...compiler(environment, profile),
      }
    }
  }
}

/** Tests start often and run shortly: the fast compiler alone halves the work of a start. */
function compiler(
  { KAFKA_JVM_PERFORMANCE_OPTS: flags = '' }: Definition['environment'],
  profile: StackOptions['profile'],
): Record<string, string> {
  return { KAFKA_JVM_PERFORMANCE_OPTS: profile === 'test' ? `${flags} -XX:TieredStopAtLevel=1` : flags }
}

/** Compose's sizes: a number and k, m or g. */
function bytes(size: string): number {
  const [, number = '', unit = ''] = /^(\d+)([kmg]?)$/.exec(size) ?? []
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit]
  if (factor === undefined || number === '') throw new Error(`compose.yaml has a size that is none: ${size}`)
  return Number(number) * factor
}
