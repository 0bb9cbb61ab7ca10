import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createDatabase, postgresUrl } from '../postgres/client.ts'
import { changedSince, type Daemon, end, recall, signal, start, state } from '../process/daemon.ts'
import { followFile, lastLines } from '../process/log-file.ts'
import type { NeededPort } from '../process/ports.ts'
import { memoryBytes } from '../process/process-table.ts'
import {
  type Component,
  type ComponentStatus,
  components,
  PrerequisitesError,
  type Problem,
  type Stack,
  type StackOptions,
} from '../stack.ts'
import { keepArchive } from './class-archive.ts'
import { connectDaemon } from './connect.ts'
import { jarFolder } from './jars.ts'
import { awaitJars } from './jars-progress.ts'
import { classPath, javaFile } from './java.ts'
import { kafkaDaemon } from './kafka.ts'
import { postgresDaemon } from './postgres.ts'
import { findProblems } from './prerequisites.ts'

const database = 'paysaga'

/** PostgreSQL from npm, Kafka and Connect from Maven, as plain processes of this machine. */
export function nativeStack(options: StackOptions): Stack {
  const { directory, ports } = options
  const daemons: Readonly<Record<Component, Daemon>> = {
    postgres: postgresDaemon(options),
    kafka: kafkaDaemon(options),
    connect: connectDaemon(options),
  }
  const stack: Stack = {
    directory,
    stillMaxMs: Math.max(...Object.values(daemons).map((daemon) => daemon.stillMaxMs)),
    endpoints: {
      adminUrl: postgresUrl(ports.postgres, 'postgres', database),
      databaseUrl: (role, name = database) => postgresUrl(ports.postgres, role, name),
      connectDatabaseUrl: (role, name = database) => postgresUrl(ports.postgres, role, name),
      brokers: [`127.0.0.1:${ports.kafka}`],
      connectUrl: `http://127.0.0.1:${ports.connect}`,
    },
    problems: () => problems(options, daemons),
    prepare: async (announce, component) => {
      if (component !== 'postgres') await awaitJars(announce)
    },
    start: async (component) => {
      if (component === undefined) {
        await demand(await stack.problems())
        await Promise.all(components.map((each) => stack.start(each)))
        return
      }
      await mkdir(directory, { recursive: true })
      await start(daemons[component])
      if (component === 'postgres') await createDatabase(ports.postgres, database)
    },
    stop: async (component) => {
      if (component !== undefined) {
        await stopOne(daemons[component], directory)
        return
      }
      // The worker first: PostgreSQL waits for whoever replicates from it, and the worker for the broker.
      await stopOne(daemons.connect, directory)
      await Promise.all([stopOne(daemons.postgres, directory), stopOne(daemons.kafka, directory)])
    },
    kill: (component, name) => signal(daemons[component], name),
    changed: (component) => changedSince(daemons[component]),
    status: () => Promise.all(components.map((component) => statusOf(component, daemons[component]))),
    memoryBytes: async (component) => {
      const { pid } = await state(daemons[component])
      return pid === undefined ? undefined : await memoryBytes(pid)
    },
    lastLines: (component, count) => lastLines(daemons[component].logFile, count),
    follow: (component, onLine) => followFile(daemons[component].logFile, onLine),
    remove: async () => {
      await stack.stop()
      const ours = ['postgres', 'kafka', 'kafka.jsa', 'connect.jsa'].map((name) => join(directory, name))
      return await removeAll(ours.filter(existsSync))
    },
  }
  return stack
}

async function removeAll(paths: readonly string[]): Promise<readonly string[]> {
  for (const path of paths) await rm(path, { recursive: true })
  return paths
}

async function demand(found: readonly Problem[]): Promise<void> {
  if (found.length > 0) throw new PrerequisitesError(found)
}

async function problems(
  { directory, ports }: StackOptions,
  daemons: Readonly<Record<Component, Daemon>>,
): Promise<readonly Problem[]> {
  const needed: Readonly<Record<Component, readonly NeededPort[]>> = {
    postgres: [{ port: ports.postgres, owner: 'PostgreSQL', variable: 'POSTGRES_PORT' }],
    kafka: [
      { port: ports.kafka, owner: 'Kafka', variable: 'KAFKA_PORT' },
      { port: ports.kafkaController, owner: "Kafka's controller", variable: 'KAFKA_CONTROLLER_PORT' },
    ],
    connect: [{ port: ports.connect, owner: 'Kafka Connect', variable: 'CONNECT_PORT' }],
  }
  const states = await Promise.all(
    components.map(async (component) => ({ component, ...(await state(daemons[component])) })),
  )
  // A component that runs holds its own port.
  const absent = states.filter(({ pid }) => pid === undefined)
  if (absent.length === 0) return []
  return await findProblems(
    directory,
    absent.flatMap(({ component }) => needed[component]),
  )
}

async function statusOf(name: Component, daemon: Daemon): Promise<ComponentStatus> {
  return { name, port: daemon.port, ...(await state(daemon)) }
}

async function stopOne(daemon: Daemon, directory: string): Promise<void> {
  const ran = await recall(daemon)
  const ending = await end(daemon)
  if (ending !== 'clean' || daemon.name === 'postgres') return
  const jars = await jarFolder()
  // It serves the jars that it was made with, and no others.
  if (ran?.command?.includes(classPath(jars)) === true)
    await keepArchive(jars, { component: daemon.name, workingDirectory: directory, java: javaFile })
}
