import { z } from 'zod'
import type { Connect } from './connect.ts'

/** A connector as it should be. */
export interface DesiredConnector {
  readonly name: string
  readonly config: Readonly<Record<string, string>>
}

/** PostgreSQL's limit for names. */
const slotNameMaxLength = 63

/** What had to be done, or what it waits for. */
export type Condition =
  | { readonly is: 'running' }
  | { readonly is: 'mended'; readonly how: 'registered' | 'reconfigured' | 'restarted'; readonly because: string }
  | { readonly is: 'waiting'; readonly because: string }

/**
 * The connector of one database: one replication slot serves the outboxes of all schemas in it.
 *
 * @param template JSON with `${NAME}` placeholders; unknown ones stay, they belong to the connector itself
 * @param databaseUrl in the role `relay`
 * @param pollMs between two looks of the connector at the write-ahead log
 */
export function desiredConnector(template: string, databaseUrl: string, pollMs: number): DesiredConnector {
  const url = new URL(databaseUrl)
  const database = decodeURIComponent(url.pathname.slice(1))
  const name = `${database}-outbox`
  const values: Readonly<Record<string, string>> = {
    CONNECTOR_NAME: name,
    // Slots belong to the server, which may have several of our databases.
    SLOT_NAME: `${database.replaceAll(/[^a-z0-9_]/g, '_')}_outbox`.slice(-slotNameMaxLength),
    DATABASE_HOST: url.hostname,
    DATABASE_PORT: url.port || '5432',
    DATABASE_USER: decodeURIComponent(url.username),
    DATABASE_PASSWORD: decodeURIComponent(url.password),
    DATABASE_NAME: database,
    POLL_MS: String(pollMs),
  }
  const rendered = template.replaceAll(/\$\{([A-Z_]+)\}/g, (placeholder, key: string) => {
    const value = values[key]
    return value === undefined ? placeholder : JSON.stringify(value).slice(1, -1)
  })
  return { name, config: z.record(z.string(), z.string()).parse(JSON.parse(rendered)) }
}

/**
 * One look at the connector and at most one step towards what it should be.
 *
 * @param isStuck it has been on its way for long. When a broker is lost, what the workers say of a task may be lost with
 * it: the task runs or nobody has it, and its state is told as UNASSIGNED for ever. A restart makes them say it anew.
 */
export async function keepConnector(connect: Connect, desired: DesiredConnector, isStuck = false): Promise<Condition> {
  const config = await connect.config(desired.name)
  if (config === undefined || !sameConfig(config, desired)) {
    await connect.configure(desired.name, desired.config)
    const how = config === undefined ? 'registered' : 'reconfigured'
    return { is: 'mended', how, because: config === undefined ? 'it was not there' : 'it differed from the template' }
  }
  const status = await connect.status(desired.name)
  if (status === undefined) return { is: 'waiting', because: 'Connect has not started it yet' }
  // A task that failed stays failed while its connector says RUNNING: only the tasks tell.
  const parts = [status.connector, ...status.tasks]
  const failed = parts.find(({ state }) => state === 'FAILED')
  if (failed !== undefined) {
    await connect.restart(desired.name, 'failed')
    return { is: 'mended', how: 'restarted', because: failed.trace?.split('\n')[0] ?? 'it failed' }
  }
  const late = parts.find(({ state }) => state !== 'RUNNING')
  const because = late === undefined ? 'it has no task yet' : `it is ${late.state}`
  if (late === undefined && status.tasks.length > 0) return { is: 'running' }
  if (!isStuck) return { is: 'waiting', because }
  await connect.restart(desired.name, 'all')
  return { is: 'mended', how: 'restarted', because: `${because}, and has been for long` }
}

function sameConfig(actual: Readonly<Record<string, string>>, { name, config }: DesiredConnector): boolean {
  const wanted = Object.entries({ ...config, name })
  return Object.keys(actual).length === wanted.length && wanted.every(([key, value]) => actual[key] === value)
}
