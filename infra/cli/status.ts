import { z } from 'zod'
import { memoryBytes } from '../process/process-table.ts'
import { components, type ProcessStatus } from '../stack.ts'
import { complaintsOf } from './complaints.ts'
import { printConsumerLag, printSlots } from './lags.ts'
import { command, type Local } from './local.ts'
import { print, printTable } from './output.ts'

const timeoutMs = 3_000

/** `make status`: every process and what it waits for, then every connector, consumer group and replication slot. */
async function status({ stack, services }: Local): Promise<void> {
  const [parts, apps] = await Promise.all([stack.status(), services.status()])
  const memoryOf = ({ name, pid }: ProcessStatus) => {
    const component = components.find((each) => each === name)
    if (component !== undefined) return stack.memoryBytes(component)
    return pid === undefined ? undefined : memoryBytes(pid)
  }
  const row = async (process: ProcessStatus) => rowOf(process, await memoryOf(process))
  printTable([
    ['process', 'state', 'pid or container', 'memory', 'address'],
    ...(await Promise.all([...parts, ...apps].map(row))),
  ])
  for (const { name } of [...parts, ...apps].filter(({ state }) => state === 'dead')) {
    print(`  ${name} is gone and was not ended by make down: make logs S=${name}, then make up`)
  }
  await printComplaints(apps)
  const isReady = (name: string) => parts.some((part) => part.name === name && part.state === 'ready')
  if (isReady('connect')) await section('connectors', () => printConnectors(stack.endpoints.connectUrl))
  if (isReady('kafka')) await section('consumer groups', () => printConsumerLag(stack))
  if (isReady('postgres')) await section('replication slots', () => printSlots(stack))
}

function rowOf({ name, state, pid, container, port }: ProcessStatus, bytes: number | undefined): readonly string[] {
  const memory = bytes === undefined ? '' : `${Math.round(bytes / 1024 / 1024)} MB`
  return [name, state, container ?? String(pid ?? ''), memory, `127.0.0.1:${port}`]
}

/** One that lives and is not ready knows why. */
async function printComplaints(services: readonly ProcessStatus[]): Promise<void> {
  const silent = services.filter(({ state }) => state === 'silent')
  const complaints = await Promise.all(silent.map(async (service) => ({ service, says: await complaintsOf(service) })))
  for (const { service, says } of complaints) for (const complaint of says) print(`  ${service.name}: ${complaint}`)
}

/** What cannot be asked must not keep the rest from being shown: a status is read when something is wrong. */
async function section(what: string, printing: () => Promise<void>): Promise<void> {
  print()
  try {
    await printing()
  } catch (error) {
    print(`  ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const connectors = z.record(
  z.string(),
  z.object({
    status: z.object({
      connector: z.object({ state: z.string() }),
      tasks: z.array(z.object({ id: z.number(), state: z.string(), trace: z.string().optional() })),
    }),
  }),
)

/** A connector says RUNNING while its task has failed, so the task is what counts. */
async function printConnectors(connectUrl: string): Promise<void> {
  const response = await fetch(`${connectUrl}/connectors?expand=status`, { signal: AbortSignal.timeout(timeoutMs) })
  const found = Object.entries(connectors.parse(await response.json()))
  if (found.length === 0) {
    print('  no connector is registered: the relay does that')
    return
  }
  const rows = found.flatMap(([name, { status }]) =>
    status.tasks.map(({ id, state, trace }) => [
      name,
      status.connector.state,
      `task ${id} ${state}`,
      trace?.split('\n')[0] ?? '',
    ]),
  )
  printTable([['connector', 'state', 'task', 'error'], ...rows])
}

await command(status)
