import pg from 'pg'

/** Who asks again and again whether anybody answers does not wait long each time. */
const connectTimeoutMs = 5_000
/** For a client that asks once: the server forks a process for it, and copies a database, on whatever machine this is. */
const onceTimeoutMs = 120_000

/** As this machine reaches it. */
export function postgresUrl(port: number, role: string, database: string): string {
  return `postgres://${role}@127.0.0.1:${port}/${database}`
}

export function postgresClient(connectionString: string, timeoutMs = connectTimeoutMs): pg.Client {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: Math.max(10_000, timeoutMs),
  })
  // A lost connection rejects the query that waits on it; without a listener it would also end this process.
  client.on('error', () => undefined)
  return client
}

/** Makes the database if there is none. Another process may be as fast. */
export async function createDatabase(port: number, name: string): Promise<void> {
  const client = postgresClient(postgresUrl(port, 'postgres', 'postgres'), onceTimeoutMs)
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`)
  } catch (error) {
    const duplicate = error instanceof pg.DatabaseError && (error.code === '42P04' || error.code === '23505')
    if (!duplicate) throw error
  } finally {
    await client.end()
  }
}
