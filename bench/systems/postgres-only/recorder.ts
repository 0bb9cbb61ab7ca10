import { Kysely, type PostgresCursor, PostgresDialect, type PostgresPoolClient, type PostgresQueryResult } from 'kysely'
import pg from 'pg'
import type { ServiceSchema } from '../../../db/migrate.ts'

export interface RecordedStatement {
  readonly text: string
  readonly values: readonly unknown[]
  readonly rows: readonly object[]
  /** Read or written, as the server counts them. */
  readonly rowCount: number
}

export interface RecordedTransaction {
  readonly role: ServiceSchema
  /** Without `begin` and `commit`. */
  readonly statements: readonly RecordedStatement[]
}

export interface Recorder {
  /** Those that committed, in the order of their commits. */
  readonly transactions: RecordedTransaction[]
  /** What happened that a replay could not repeat. */
  readonly complaints: string[]
}

/** A service's pool that writes down each of its transactions. */
export function recordingDatabase<Tables>(
  recorder: Recorder,
  { role, url }: { readonly role: ServiceSchema; readonly url: string },
): Kysely<Tables> {
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 10_000 })
  pool.on('error', (error) => recorder.complaints.push(`${role}: ${error.message}`))
  const connect = async () => recordingClient(recorder, role, await pool.connect())
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: { options: pool.options, connect, end: () => pool.end() } }),
  })
}

function recordingClient(recorder: Recorder, role: ServiceSchema, client: pg.PoolClient): PostgresPoolClient {
  let open: RecordedStatement[] | undefined
  const record = async (text: string, values: readonly unknown[]): Promise<pg.QueryResult<object>> => {
    // Written down before the commit is visible: whoever sees what it did finds it recorded.
    if (text === 'commit' && open !== undefined) recorder.transactions.push({ role, statements: open })
    if (text === 'rollback') recorder.complaints.push(`${role}: a transaction was rolled back`)
    const result = await client.query<object>(text, [...values])
    const rowCount = result.rowCount ?? 0
    if (text === 'begin') open = []
    else if (text === 'commit' || text === 'rollback') open = undefined
    else if (open !== undefined) open.push({ text, values, rows: result.rows, rowCount })
    // Looking for work in vain is no part of an order.
    else if (rowCount > 0) recorder.complaints.push(`${role}: work outside of a transaction: ${text}`)
    return result
  }
  function query<Row>(statement: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<Row>>
  function query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>
  function query(statement: unknown, parameters: readonly unknown[] = []): unknown {
    if (typeof statement !== 'string') throw new TypeError('The services have no cursors')
    return record(statement, parameters)
  }
  return { query, release: (destroy) => client.release(destroy) }
}
