import { z } from 'zod'
import type { ConnectorReport } from './report.ts'

const timeoutMs = 3_000

const connectors = z.record(
  z.string(),
  z.object({
    status: z.object({
      connector: z.object({ state: z.string() }),
      tasks: z.array(z.object({ id: z.number(), state: z.string(), trace: z.string().optional() })),
    }),
  }),
)

/** Every connector with its tasks, as Kafka Connect knows them. The relay registers them. */
export async function connectorsOf(connectUrl: string): Promise<readonly ConnectorReport[]> {
  const response = await fetch(`${connectUrl}/connectors?expand=status`, { signal: AbortSignal.timeout(timeoutMs) })
  return Object.entries(connectors.parse(await response.json())).map(([name, { status }]) => ({
    name,
    state: status.connector.state,
    tasks: status.tasks.map(({ id, state, trace }) => {
      const error = trace?.split('\n')[0]
      return { id, state, ...(error === undefined ? {} : { error }) }
    }),
  }))
}
