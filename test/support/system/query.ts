import pg from 'pg'

const timeoutMs = 5_000

/** The rows of one statement, whatever they are: the caller parses them. */
export async function queryRows(url: string, text: string, values: readonly unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
  })
  // A server that goes away in between fails the statement, and that is told.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<object>(text, [...values])
    return rows
  } finally {
    await client.end()
  }
}
