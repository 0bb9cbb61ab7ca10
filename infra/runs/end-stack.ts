import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openServices, openStack, type ServiceName } from '../index.ts'
import { recall } from '../process/daemon.ts'
import { lookUp, type ProcessIdentity } from '../process/process-table.ts'
import type { Component, StackPorts } from '../stack.ts'
import { endAll } from './ending.ts'

/** Of a process that no record knows: a download, initdb, a tool of Kafka. */
const helperGraceMs = 3_000
/** Ending asks for no port. */
const noPorts: StackPorts = { postgres: 0, kafka: 0, kafkaController: 0, connect: 0 }
const noServicePorts = { order: 0, payment: 0, notification: 0, relay: 0, gateway: 0, mailSmtp: 0, mailHttp: 0 }

/** What depends on others ends before them. PostgreSQL waits for what replicates from it, the worker for the broker. */
const services: readonly (readonly ServiceName[])[] = [
  ['order', 'payment', 'notification', 'relay'],
  ['mail-sink', 'gateway-simulator'],
]
const parts: readonly (readonly Component[])[] = [['connect'], ['postgres', 'kafka']]

export interface PartOfStack extends ProcessIdentity {
  readonly recordFile: string | undefined
}

/**
 * Ends processes of the stack in a directory, each as it wants to be ended and in the order in which one needs the other;
 * data stays. What else `find` tells of, helpers and daemons without a record, ends too. Other processes of the stack go on.
 */
export async function endStack(directory: string, find: () => readonly PartOfStack[]): Promise<void> {
  const records = join(directory, 'run')
  await endAll(() => find().filter(({ recordFile }) => recordFile === undefined), helperGraceMs)
  const isFound = async (name: string): Promise<boolean> => {
    const recorded = await recall({ recordFile: join(records, `${name}.json`) })
    return find().some(({ pid, mark }) => pid === recorded?.pid && mark === recorded.mark)
  }
  const stack = openStack({ provider: 'native', directory, ports: noPorts, profile: 'production' })
  const apps = openServices({ stack, ports: noServicePorts, profile: 'production' })
  const endService = async (name: ServiceName): Promise<void> => {
    if (await isFound(name)) await apps.stop(name)
  }
  const endPart = async (name: Component): Promise<void> => {
    if (await isFound(name)) await stack.stop(name)
  }
  for (const names of services) await Promise.all(names.map(endService))
  for (const names of parts) await Promise.all(names.map(endPart))
  await endAll(find, helperGraceMs)
  await resumePaused(records)
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
