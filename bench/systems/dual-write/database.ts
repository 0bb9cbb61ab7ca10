import pg from 'pg'

/** Its name makes the server parse it once per connection, and soon plan it once. */
export interface Statement {
  readonly name: string
  readonly text: string
}

export interface Database {
  /** One statement, which is one transaction. */
  run(statement: Statement, values: readonly unknown[]): Promise<void>
  close(): Promise<void>
}

export function openDatabase({ url, poolMax }: { readonly url: string; readonly poolMax: number }): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
  })
  pool.on('error', (error) => process.stderr.write(`an idle database connection broke: ${error.message}\n`))
  return {
    run: async ({ name, text }, values) => {
      await pool.query({ name, text, values: [...values] })
    },
    close: () => pool.end(),
  }
}
