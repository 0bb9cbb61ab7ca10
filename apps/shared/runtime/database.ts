import {
  Kysely,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPoolClient,
  type PostgresQueryResult,
  sql,
} from 'kysely'
import pg from 'pg'
import type { Log } from './logger.ts'
import type { Metrics } from './metrics/metrics.ts'
import { watchPool } from './metrics/pool-metrics.ts'

export interface DatabaseOptions {
  readonly url: string
  /** Shown in pg_stat_activity. */
  readonly service: string
  readonly poolMax: number
  readonly log: Log
  /** Where the pool's connections are counted. */
  readonly metrics?: Metrics
  /** How long one statement may take, 15 s unless given. Then the server cancels it and, were the server gone, we do. */
  readonly statementTimeoutMs?: number
  /** Time for that cancellation to arrive before the connection counts as dead, 2 s unless given. */
  readonly silenceMs?: number
}

const connectTimeoutMs = 5_000
const idleMs = 60_000

/**
 * A pool that connects when it is first used. Nothing waits for ever in it: connecting, getting a client, and a
 * statement each have their limit. bigint columns come back as text: nothing is rounded.
 */
export function openDatabase<DB>(options: DatabaseOptions): Kysely<DB> {
  const { statementTimeoutMs = 15_000, silenceMs = 2_000 } = options
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax,
    application_name: options.service,
    // The default is to wait for ever.
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleMs,
    keepAlive: true,
    // Every statement that matters has arrays for parameters, and the plan is the same whatever is in them: it is made
    // once for each connection. Left to itself the server would plan such a statement again at every call.
    options: '-c plan_cache_mode=force_generic_plan',
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + silenceMs,
    pipeline: true,
  })
  // An idle client whose server restarts emits on the pool, and one in use on itself, for the pool does not listen
  // meanwhile: between two statements of a transaction nobody would. Without a listener the process dies of either.
  pool.on('error', (err) => options.log.warn({ err }, 'an idle database connection broke'))
  pool.on('connect', (client) => client.on('error', (err) => options.log.debug({ err }, 'a database connection broke')))
  if (options.metrics !== undefined) watchPool(options.metrics, { pool, url: options.url })
  return new Kysely<DB>({
    dialect: new PostgresDialect({
      pool: { options: pool.options, connect: async () => distrustful(await pool.connect()), end: () => pool.end() },
    }),
  })
}

/** One round trip. @throws what the driver throws */
export async function pingDatabase<DB>(db: Kysely<DB>): Promise<void> {
  await sql`select 1`.execute(db)
}

/** Opens so many connections at once, so that the first requests find them. @throws what the driver throws */
export async function openConnections<DB>(db: Kysely<DB>, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => pingDatabase(db)))
}

/** Resolves when every client has been given back and closed. @throws Error after `timeoutMs`, naming the reason */
export async function closeDatabase<DB>(db: Kysely<DB>, { timeoutMs = 5_000 } = {}): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`database clients still in use after ${timeoutMs} ms`)), timeoutMs)
  try {
    await Promise.race([db.destroy(), promise])
  } finally {
    clearTimeout(timer)
  }
}

/** A program has so many statements. Were one ever made up of data, its plans must not fill the server's memory. */
const namedMax = 500
const names = new Map<string, string>()

/** A statement with a name is parsed once per connection and soon planned once: half of what a small one costs. */
function named(text: string, parameters: readonly unknown[]): pg.QueryConfig {
  const values = [...parameters]
  if (values.length === 0) return { text }
  const known = names.get(text)
  if (known !== undefined) return { name: known, text, values }
  if (names.size >= namedMax) return { text, values }
  const name = `s${names.size}`
  names.set(text, name)
  return { name, text, values }
}

/**
 * `begin` goes out together with a first statement that reads, for one round trip less in nearly every transaction.
 *
 * After a read time-out node-postgres gives the half-open client back to the pool, where the next user waits on it in
 * vain (brianc/node-postgres#3399). So its socket is destroyed: what is queued on it fails at once, a `rollback` for
 * one, and the pool throws it away.
 */
function distrustful(client: pg.PoolClient): PostgresPoolClient {
  let broken = false
  let begins = false
  function query<Row>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>
  function query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>
  function query(statement: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof statement !== 'string') throw new TypeError('Cursors are not in use here: they would have no time-out')
    if (statement === 'begin') {
      begins = true
      return Promise.resolve(nothing)
    }
    const beginsNow = begins
    begins = false
    if (beginsNow && (statement === 'commit' || statement === 'rollback')) return Promise.resolve(nothing)
    const asked = named(statement, parameters)
    return (beginsNow ? beginWith(client, asked) : client.query(asked)).catch((error: unknown) => {
      if (error instanceof Error && error.message === 'Query read timeout') {
        broken = true
        client.connection.stream.destroy()
      }
      throw error
    })
  }
  return { query, release: (destroy) => client.release(broken || destroy === true) }
}

const nothing = { command: 'UPDATE', rowCount: 0, rows: [] } as const

/** A client of the pool or one of its own. */
type Wired = pg.ClientBase & Pick<pg.PoolClient, 'connection'>

/**
 * Begins a transaction with this statement, in one flight if it reads: should `begin` fail alone, what follows it there
 * would commit by itself, and reading does no harm then.
 */
export async function beginWith<Row extends pg.QueryResultRow>(
  client: Wired,
  statement: pg.QueryConfig,
): Promise<pg.QueryResult<Row>> {
  if (!/^\s*select\b/i.test(statement.text)) {
    await client.query('begin')
    return await client.query<Row>(statement)
  }
  const [, result] = await Promise.all(
    inOneFlight(client, () => [client.query('begin'), client.query<Row>(statement)] as const),
  )
  return result
}

function inOneFlight<Sent>({ connection: { stream } }: Wired, send: () => Sent): Sent {
  stream.cork()
  try {
    return send()
  } finally {
    stream.uncork()
  }
}
