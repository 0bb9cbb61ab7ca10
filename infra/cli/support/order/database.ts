import pg from 'pg'
import type { Stack } from '../../../stack.ts'

const timeoutMs = 5_000

export interface Database {
  /** The rows of one statement, whatever they are: the caller parses them. */
  rows(text: string, values?: readonly unknown[]): Promise<unknown[]>
}

/**
 * Lends a connection to the database of the stack, one for all that `work` reads and however often, and closes it in the
 * end. Statements wait for each other; one that comes after the server was restarted gets a new connection. They name
 * their schemas, for this is the superuser, who may look at all services, and who is kept from writing here.
 */
export async function withDatabase<T>({ endpoints }: Stack, work: (database: Database) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({
    connectionString: endpoints.adminUrl,
    application_name: 'paysaga-cli',
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    options: '-c default_transaction_read_only=on',
  })
  // A server that goes away in between fails the next statement, and that is told.
  pool.on('error', () => undefined)
  try {
    return await work({ rows: async (text, values = []) => (await pool.query<object>(text, [...values])).rows })
  } finally {
    await pool.end()
  }
}
