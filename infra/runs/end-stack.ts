import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { endingStages, openServices, openStack, type ServiceName } from '../index.ts'
import { connectDaemon } from '../native/connect.ts'
import { kafkaDaemon } from '../native/kafka.ts'
import { postgresDaemon } from '../native/postgres.ts'
import { type Daemon, end, recall } from '../process/daemon.ts'
import { lookUp, type ProcessIdentity } from '../process/process-table.ts'
import type { StackOptions, StackPorts } from '../stack.ts'
import { endAll } from './ending.ts'
import { inTurn } from './in-turn.ts'

/** Of a process that no record knows: a download, initdb, a tool of Kafka. */
const helperGraceMs = 3_000
/** Ending asks for no port. */
const noPorts: StackPorts = { postgres: 0, kafka: 0, kafkaController: 0, connect: 0 }
const noServicePorts = { order: 0, payment: 0, notification: 0, relay: 0, gateway: 0, mailSmtp: 0, mailHttp: 0 }

/** PostgreSQL waits for what replicates from it, the worker for the broker. */
const parts: readonly (readonly ((options: StackOptions) => Daemon)[])[] = [
  [connectDaemon],
  [postgresDaemon, kafkaDaemon],
]

export interface PartOfStack extends ProcessIdentity {
  readonly recordFile: string | undefined
}

/**
 * Ends processes of the stack in a directory, each as it wants to be ended and in the order in which one needs the other;
 * data stays. What else `find` tells of, helpers and daemons without a record, ends too. Other processes of the stack go on.
 * The directory may belong to another checkout. What fails keeps nothing else from ending; it is thrown at the end.
 */
export async function endStack(directory: string, find: () => readonly PartOfStack[]): Promise<void> {
  const records = join(directory, 'run')
  const isFound = async (name: string): Promise<boolean> => {
    const recorded = await recall({ recordFile: join(records, `${name}.json`) })
    return find().some(({ pid, mark }) => pid === recorded?.pid && mark === recorded.mark)
  }
  const options: StackOptions = { provider: 'native', directory, ports: noPorts, profile: 'production' }
  const apps = openServices({ stack: openStack(options), ports: noServicePorts, profile: 'production' })
  const endService = (name: ServiceName) => async () => {
    if (await isFound(name)) await apps.stop(name)
  }
  // Not by the stack, which keeps what a clean end leaves for the next start: that is the other checkout's.
  const endPart = (daemonOf: (given: StackOptions) => Daemon) => async () => {
    const daemon = daemonOf(options)
    if (await isFound(daemon.name)) await end(daemon)
  }
  await inTurn([
    [() => endAll(() => find().filter(({ recordFile }) => recordFile === undefined), helperGraceMs)],
    ...endingStages.map((names) => names.map(endService)),
    ...parts.map((daemons) => daemons.map(endPart)),
    [() => endAll(find, helperGraceMs)],
    [() => resumePaused(records)],
  ])
}

/** `make demo` pauses a service for a moment. One that ran before goes on, also when the demo ends in that moment. */
async function resumePaused(records: string): Promise<void> {
  const files = (await readdir(records).catch(() => [])).filter((name) => name.endsWith('.json'))
  for (const file of files) {
    const recorded = await recall({ recordFile: join(records, file) })
    const facts = recorded === undefined ? undefined : await lookUp(recorded.pid)
    if (facts?.paused === true && facts.mark === recorded?.mark) process.kill(facts.pid, 'SIGCONT')
  }
}
