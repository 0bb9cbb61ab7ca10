import { z } from 'zod'

const part = z.object({ state: z.string(), trace: z.string().optional() })
const status = z.object({ connector: part, tasks: z.array(part) })
const config = z.record(z.string(), z.string())

/** What the relay asks of Kafka Connect's REST interface. Every call throws when Connect cannot be reached. */
export interface Connect {
  /** Undefined when there is no such connector. */
  config(name: string): Promise<Readonly<Record<string, string>> | undefined>
  configure(name: string, config: Readonly<Record<string, string>>): Promise<void>
  status(name: string): Promise<z.output<typeof status> | undefined>
  /** Restarts the connector and its tasks, as far as they failed or whatever they say of themselves. */
  restart(name: string, which: 'failed' | 'all'): Promise<void>
}

/** Connect answers at once or is rebalancing, and then it answers 409 later. */
const timeoutMs = 10_000

export function connectAt(baseUrl: string, signal: AbortSignal): Connect {
  const request = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await fetch(new URL(`/connectors/${path}`, baseUrl), {
      ...init,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    const body = await response.text()
    if (response.status === 404) return undefined
    if (!response.ok) throw new Error(`Connect answered ${response.status}: ${body.slice(0, 500)}`)
    return body === '' ? undefined : JSON.parse(body)
  }
  return {
    config: async (name) => config.optional().parse(await request(`${name}/config`)),
    configure: async (name, desired) => {
      await request(`${name}/config`, { method: 'PUT', body: JSON.stringify(desired) })
    },
    status: async (name) => status.optional().parse(await request(`${name}/status`)),
    restart: async (name, which) => {
      await request(`${name}/restart?includeTasks=true&onlyFailed=${which === 'failed'}`, { method: 'POST' })
    },
  }
}
