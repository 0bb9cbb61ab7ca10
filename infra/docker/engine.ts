import { createInterface } from 'node:readline'
import { PassThrough, Readable } from 'node:stream'
import { z } from 'zod'
import { machineEnvironment } from '../config.ts'

// Docker's engine, as far as a stack needs it. testcontainers finds it (DOCKER_HOST, the usual sockets, rootless ones)
// and brings dockerode. Loaded when it is needed: a native stack never does, and it takes half a second.

export interface ContainerFacts {
  readonly running: boolean
  readonly paused: boolean
  /** Of this machine, as it was asked for when the container was made. */
  readonly ports: readonly number[]
  /** By the name under which it was asked for. */
  readonly image: string
  readonly startedAt: Date
}

const noEngine = 'No Docker engine answers. Start Docker, or name its socket in DOCKER_HOST.'
const notFound = 404
const notModified = 304

async function client() {
  const { getContainerRuntimeClient } = await import('testcontainers')
  const { DOCKER_HOST: wanted } = machineEnvironment()
  try {
    const found = await getContainerRuntimeClient()
    // It looks further when it finds nothing there, and whoever names an engine means that one.
    const { socketPath } = modem.parse(found.container.dockerode.modem)
    if (wanted?.startsWith('unix://') && wanted !== `unix://${socketPath}`)
      throw new Error(`nothing answers at ${wanted}`)
    return found
  } catch (error) {
    throw new Error(noEngine, { cause: error })
  }
}

const modem = z.object({ socketPath: z.string().optional() })

const engine = async () => (await client()).container.dockerode

export async function engineAnswers(): Promise<boolean> {
  return await client().then(
    () => true,
    () => false,
  )
}

/** Where the engine is, for a command that looks for one in its own way: what `docker context` says may be another. */
export async function engineEnvironment(): Promise<Readonly<Record<string, string>>> {
  const { socketPath } = modem.parse((await engine()).modem)
  return socketPath === undefined ? {} : { DOCKER_HOST: `unix://${socketPath}` }
}

export async function hasImage(name: string): Promise<boolean> {
  const { image } = await client()
  const { ImageName } = await import('testcontainers')
  return await image.exists(ImageName.fromString(name))
}

/** Calls back with each sign of the engine that the download gets on. Throws when it breaks off. */
export async function pullImage(name: string, onProgress: () => void): Promise<void> {
  const { info, container } = await client()
  const { ImageName } = await import('testcontainers')
  const { getAuthConfig } = await import('testcontainers/build/container-runtime/index.js')
  const registry = ImageName.fromString(name).registry ?? info.containerRuntime.indexServerAddress
  const { dockerode } = container
  const stream = await dockerode.pull(name, { authconfig: await getAuthConfig(registry) })
  await new Promise<void>((resolve, reject) => {
    dockerode.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()), onProgress)
  })
}

/** Undefined when there is no container of that name. */
export async function inspect(name: string): Promise<ContainerFacts | undefined> {
  const found = await unless(notFound, async () => (await engine()).getContainer(name).inspect())
  if (found === undefined) return undefined
  const bindings: Readonly<Record<string, readonly { readonly HostPort?: string }[]>> =
    found.HostConfig.PortBindings ?? {}
  return {
    running: found.State.Running,
    paused: found.State.Paused,
    image: found.Config.Image,
    startedAt: new Date(found.State.StartedAt),
    ports: Object.values(bindings).flatMap((ports) => ports.map(({ HostPort }) => Number(HostPort))),
  }
}

export async function startContainer(name: string): Promise<void> {
  await unless(notModified, async () => (await engine()).getContainer(name).start())
}

/** Asks it to end, kills it when it does not in time, and removes it. Its named volumes stay. None is fine. */
export async function removeContainer(name: string, stopTimeoutMs: number): Promise<void> {
  const container = (await engine()).getContainer(name)
  await unless(notFound, async () => {
    // A paused one gets no signal.
    if ((await inspect(name))?.paused === true) await container.unpause()
    await unless(notModified, () => container.stop({ t: stopTimeoutMs / 1_000 }))
    await container.remove({ force: true, v: true })
  })
}

/** SIGSTOP and SIGCONT concern every process of the container. Has taken effect when it returns. */
export async function signalContainer(name: string, signal: NodeJS.Signals): Promise<void> {
  const container = (await engine()).getContainer(name)
  if (signal === 'SIGSTOP') await container.pause()
  else if (signal === 'SIGCONT') await container.unpause()
  else await container.kill({ signal })
  if (signal === 'SIGKILL') await container.wait()
}

/** What it uses now, without the page cache, as `docker stats` counts. Takes a second; undefined when it does not run. */
export async function containerMemoryBytes(name: string): Promise<number | undefined> {
  const stats = await unless(notFound, async () =>
    (await engine()).getContainer(name).stats({ stream: false, 'one-shot': true }),
  )
  const { usage, stats: details } = stats?.memory_stats ?? {}
  if (usage === undefined) return undefined
  // By its name in cgroup 2, else in cgroup 1.
  return usage - (details?.inactive_file ?? details?.total_inactive_file ?? 0)
}

export async function lastContainerLines(name: string, count: number): Promise<readonly string[]> {
  const lines: string[] = []
  await unless(notFound, async () => {
    const logged = await (await engine()).getContainer(name).logs({ ...bothStreams, follow: false, tail: count })
    // In slices: it is taken apart by a function that calls itself for every frame.
    await eachLine(Readable.from(slices(logged)), (line) => lines.push(line))
  })
  return lines
}

/** Returns when the container has ended. */
export async function followContainer(name: string, onLine: (line: string) => void): Promise<void> {
  const logged = await (await engine()).getContainer(name).logs({ ...bothStreams, follow: true, tail: 0 })
  await eachLine(logged, onLine)
}

function* slices(buffer: Buffer): Generator<Buffer> {
  for (let from = 0; from < buffer.length; from += sliceBytes) yield buffer.subarray(from, from + sliceBytes)
}

const sliceBytes = 16 * 1024
const bothStreams = { stdout: true, stderr: true } as const

/** What a container without a terminal has logged comes in frames, which tell the two streams apart. */
async function eachLine(framed: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  const text = new PassThrough()
  framed.once('end', () => text.end())
  const { modem } = await engine()
  modem.demuxStream(framed, text, text)
  for await (const line of createInterface({ input: text })) onLine(line)
}

/** Makes the network unless there is one. Callers take turns: Docker makes two of one name. */
export async function makeNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
  const docker = await engine()
  const there = await unless(notFound, () => docker.getNetwork(name).inspect())
  if (there === undefined) await docker.createNetwork({ Name: name, Driver: 'bridge', Labels: { ...labels } })
}

/** Makes the volume unless there is one. */
export async function makeVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await (await engine()).createVolume({ Name: name, Labels: { ...labels } })
}

/** One that still has containers stays. */
export async function removeNetwork(name: string): Promise<void> {
  const inUse = 403
  await unless(notFound, () => unless(inUse, async () => (await engine()).getNetwork(name).remove()))
}

/** @returns whether there was one */
export async function removeVolume(name: string): Promise<boolean> {
  const removed = await unless(notFound, async () => {
    await (await engine()).getVolume(name).remove()
    return true
  })
  return removed ?? false
}

/** Undefined instead of an error that has this HTTP status. */
async function unless<T>(status: number, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === status) return undefined
    throw error
  }
}
