import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { answers } from '../answers.ts'
import { projectRoot } from '../config.ts'
import { createDatabase, postgresUrl } from '../postgres/client.ts'
import { withLock } from '../process/lock.ts'
import { busyPorts, type NeededPort } from '../process/ports.ts'
import { LineKinds } from '../process/stall.ts'
import { noteProgress, watchSigns } from '../process/watch.ts'
import {
  type Component,
  type ComponentStatus,
  components,
  PrerequisitesError,
  type Problem,
  type Stack,
  type StackOptions,
  StartError,
} from '../stack.ts'
import {
  type ContainerFacts,
  containerMemoryBytes,
  engineAnswers,
  followContainer,
  hasImage,
  inspect,
  lastContainerLines,
  pullImage,
  removeContainer,
  removeNetwork,
  removeVolume,
  signalContainer,
} from './engine.ts'
import { containerName, definitionOf, projectName } from './project.ts'

const database = 'paysaga'
/** Without a new line of its log. An image prints nothing while its program is loaded from a slow disk. */
const stillMaxMs = 120_000
const lookMs = 2_000
const linesInALook = 50
const stopTimeoutMs = 20_000
const pollMs = 50
const linesInAnError = 20

/** How the containers of a stack come to be. Afterwards it does not matter who has made them. */
export interface Launcher {
  /** Makes and starts the container of a component, which is not there. Its image is. */
  launch(component: Component, options: StackOptions): Promise<void>
  /** Starts the container of a component that has ended. */
  relaunch(component: Component, options: StackOptions): Promise<void>
  /** What else is needed on this machine. */
  problems(): Promise<readonly Problem[]>
}

/** PostgreSQL, Kafka and Connect in containers, on a network and with volumes that are named after the directory. */
export function dockerStack(options: StackOptions, launcher: Launcher): Stack {
  const { directory, ports } = options
  const project = projectName(directory)
  const nameOf = (component: Component) => containerName(project, component)
  const stopOne = (component: Component) => removeContainer(nameOf(component), stopTimeoutMs)
  const stack: Stack = {
    directory,
    stillMaxMs,
    endpoints: {
      adminUrl: postgresUrl(ports.postgres, 'postgres', database),
      databaseUrl: (role, name = database) => postgresUrl(ports.postgres, role, name),
      connectDatabaseUrl: (role, name = database) => `postgres://${role}@postgres:5432/${name}`,
      brokers: [`127.0.0.1:${ports.kafka}`],
      connectUrl: `http://127.0.0.1:${ports.connect}`,
    },
    problems: () => problems(options, launcher),
    prepare: async (announce, component) => {
      for (const each of component === undefined ? components : [component]) await pullOnce(options, each, announce)
    },
    start: async (component) => {
      if (component !== undefined) {
        await startOne(options, component, launcher)
        return
      }
      const found = await stack.problems()
      if (found.length > 0) throw new PrerequisitesError(found)
      await Promise.all(components.map((each) => stack.start(each)))
    },
    stop: async (component) => {
      if (component !== undefined) {
        await stopOne(component)
        return
      }
      // The worker first: PostgreSQL waits for whoever replicates from it, and the worker for the broker.
      await stopOne('connect')
      await Promise.all([stopOne('postgres'), stopOne('kafka')])
      await removeNetwork(`${project}_default`)
    },
    kill: async (component, signal) => {
      const found = await inspect(nameOf(component))
      if (found?.running !== true) throw new Error(`${component} does not run`)
      await signalContainer(nameOf(component), signal)
    },
    changed: (component) => changedSince(options, component),
    status: () => Promise.all(components.map((component) => statusOf(options, component))),
    memoryBytes: (component) => containerMemoryBytes(nameOf(component)),
    lastLines: (component, count) => lastContainerLines(nameOf(component), count),
    follow: (component, onLine) => followContainer(nameOf(component), onLine),
    remove: async () => {
      await stack.stop()
      const volumes = ['postgres', 'kafka'].map((name) => `${project}_${name}`)
      const removed = await Promise.all(volumes.map(removeVolume))
      return volumes.filter((_, index) => removed[index])
    },
  }
  return stack
}

async function startOne(options: StackOptions, component: Component, launcher: Launcher): Promise<void> {
  const name = containerName(projectName(options.directory), component)
  // Before the lock, for it may take minutes.
  await pullOnce(options, component)
  // One lock for all components: two that are launched at once would make two networks of one name.
  await withLock(join(options.directory, 'run', 'launch.lock'), stillMaxMs, async () => {
    const found = await inspect(name)
    if (found !== undefined && !found.ports.includes(options.ports[component]))
      throw elsewhere(options, component, found)
    if (found?.paused === true) await signalContainer(name, 'SIGCONT')
    if (found?.running === true) return
    const starting = found === undefined ? launcher.launch(component, options) : launcher.relaunch(component, options)
    await starting.catch(async (error) => {
      throw await startError(name, component, error instanceof Error ? error.message : String(error))
    })
  })
  const standsStill = watchContainer(name)
  while (!(await answers(component, options.ports))) {
    if ((await inspect(name))?.running !== true) throw await startError(name, component, 'its container ended')
    const stillness = await standsStill()
    if (stillness !== undefined) throw await startError(name, component, stillness)
    await wait(pollMs)
  }
  // The image makes it at its first start, unless that was cut off.
  if (component === 'postgres') await createDatabase(options.ports.postgres, database)
}

function watchContainer(name: string): () => Promise<string | undefined> {
  const kinds = new LineKinds()
  return watchSigns({ stillMaxMs, busyMaxMs: 0 }, lookMs, async () => {
    kinds.add(`${(await lastContainerLines(name, linesInALook)).join('\n')}\n`)
    return { logKinds: kinds.count, words: '', isListening: false, processorMs: 0 }
  })
}

async function pullOnce(
  options: StackOptions,
  component: Component,
  announce: (text: string) => void = () => undefined,
): Promise<void> {
  const { image } = await definitionOf(component, options)
  if (await hasImage(image)) return
  announce(`Docker pulls ${image}, once`)
  // Services wait for the component meanwhile.
  await pullImage(image, noteProgress)
}

async function statusOf(options: StackOptions, component: Component): Promise<ComponentStatus> {
  const name = containerName(projectName(options.directory), component)
  const found = await inspect(name)
  const described = { name: component, port: options.ports[component] }
  if (found === undefined) return { ...described, state: 'stopped' }
  if (!found.running) return { ...described, state: 'dead', container: name }
  if (found.paused) return { ...described, state: 'paused', container: name }
  return { ...described, state: (await answers(component, options.ports)) ? 'ready' : 'silent', container: name }
}

/** Its image, and files that are mounted into it: it has read them when it started. */
async function changedSince(options: StackOptions, component: Component): Promise<readonly string[]> {
  const found = await inspect(containerName(projectName(options.directory), component))
  if (found?.running !== true) return []
  const { image, volumes } = await definitionOf(component, options)
  const files = volumes.flatMap(({ file }) => (file === undefined ? [] : [file]))
  const times = await Promise.all(files.map(async (file) => ({ file, mtime: (await stat(file)).mtime })))
  return [
    ...(found.image === image ? [] : [`the image (${found.image}, now ${image})`]),
    ...times.filter(({ mtime }) => mtime > found.startedAt).map(({ file }) => relative(projectRoot, file)),
  ]
}

async function problems(options: StackOptions, launcher: Launcher): Promise<readonly Problem[]> {
  if (!(await engineAnswers())) {
    return [{ what: 'no Docker engine answers', fix: 'start Docker, or name its socket in DOCKER_HOST' }]
  }
  const { ports, directory } = options
  const needed: Readonly<Record<Component, NeededPort>> = {
    postgres: { port: ports.postgres, owner: 'PostgreSQL', variable: 'POSTGRES_PORT' },
    kafka: { port: ports.kafka, owner: 'Kafka', variable: 'KAFKA_PORT' },
    connect: { port: ports.connect, owner: 'Kafka Connect', variable: 'CONNECT_PORT' },
  }
  const project = projectName(directory)
  const found = await Promise.all(components.map((component) => inspect(containerName(project, component))))
  // A container that is there holds its own port.
  const absent = components.filter((_, index) => found[index]?.running !== true)
  if (absent.length === 0) return []
  return [...(await launcher.problems()), ...(await busyPorts(absent.map((component) => needed[component])))]
}

/** Made under other settings: to wait for it where it is not would take the whole time-out and explain nothing. */
function elsewhere(options: StackOptions, component: Component, { ports }: ContainerFacts): StartError {
  const reason = `its container has port ${ports.join(', ')}, and ${options.ports[component]} is asked for: make down first, or keep the port in .env`
  return new StartError(component, reason, `docker logs ${containerName(projectName(options.directory), component)}`)
}

async function startError(container: string, component: Component, reason: string): Promise<StartError> {
  const tail = await lastContainerLines(container, linesInAnError)
  const text = `${reason}\n${tail.map((line) => `    ${line}`).join('\n')}\n `
  return new StartError(component, text, `docker logs ${container}`)
}
