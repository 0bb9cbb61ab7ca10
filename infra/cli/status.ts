import { z } from 'zod'
import { memoryBytes } from '../native/process-table.ts'
import type { ProcessStatus } from '../stack.ts'
import { command, type Local } from './local.ts'
import { print, printTable } from './output.ts'

const timeoutMs = 3_000

/** `make status`: every process, then every connector with its task. */
async function status({ stack, services }: Local): Promise<void> {
  const processes: readonly ProcessStatus[] = [...(await stack.status()), ...(await services.status())]
  printTable([['process', 'state', 'pid', 'memory', 'address'], ...(await Promise.all(processes.map(row)))])
  for (const { name } of processes.filter(({ state }) => state === 'dead')) {
    print(`  ${name} is gone and was not ended by make down: make logs S=${name}, then make up`)
  }
  if (processes.some(({ name, state }) => name === 'connect' && state === 'ready')) {
    print()
    await printConnectors(stack.endpoints.connectUrl)
  }
}

async function row({ name, state, pid, port }: ProcessStatus): Promise<readonly string[]> {
  const memory = pid === undefined ? '' : `${Math.round((await memoryBytes(pid)) / 1024 / 1024)} MB`
  return [name, state, String(pid ?? ''), memory, `127.0.0.1:${port}`]
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
