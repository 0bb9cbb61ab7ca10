import pg from 'pg'
import { migrate } from '../../../db/migrate.ts'
import type { Stack } from '../../../infra/index.ts'

const name = 'ceiling'
const connectTimeoutMs = 10_000

export interface CeilingDatabase extends AsyncDisposable {
  /** A superuser's connection to it. */
  readonly admin: pg.Client
  readonly urlOf: (role: string) => string
}

/**
 * A database with our tables on the server of the others, dropped when disposed of. Its publication is its own, and
 * nobody has a replication slot in it: what is said here is not shipped.
 */
export async function openDatabase(endpoints: Stack['endpoints']): Promise<CeilingDatabase> {
  const onServer = async (...statements: readonly string[]) => {
    const server = await connect(endpoints.adminUrl)
    try {
      for (const statement of statements) await server.query(statement)
    } finally {
      await server.end()
    }
  }
  await onServer(`drop database if exists ${name} with (force)`, `create database ${name}`)
  await migrate(endpoints.databaseUrl('postgres', name))
  const admin = await connect(endpoints.databaseUrl('postgres', name))
  return {
    admin,
    urlOf: (role) => endpoints.databaseUrl(role, name),
    [Symbol.asyncDispose]: async () => {
      await admin.end()
      await onServer(`drop database ${name} with (force)`)
    },
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: connectTimeoutMs })
  // A query that waits on a lost connection fails; without a listener this process would end as well.
  client.on('error', () => undefined)
  await client.connect()
  return client
}
