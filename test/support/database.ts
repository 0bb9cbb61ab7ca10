import { randomBytes } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { migrate } from '../../db/migrate.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly adminUrl: string
  /** A connection string in a role. */
  url(role: string): string
  /** A pool in a role; closed with the database. */
  open<Tables>(role: string, poolMax?: number): Kysely<Tables>
}

/** A migrated database of its own, dropped when disposed. */
export async function freshDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asAdmin(serverUrl, `create database ${name}`)
  const url = (role: string): string => Object.assign(new URL(serverUrl), { pathname: name, username: role }).href
  await migrate(url('postgres'))
  const opened: { destroy(): Promise<void> }[] = []
  return {
    adminUrl: url('postgres'),
    url,
    open: <Tables>(role: string, poolMax = 10): Kysely<Tables> => {
      const pool = new pg.Pool({ connectionString: url(role), max: poolMax, connectionTimeoutMillis: 20_000 })
      pool.on('error', () => undefined)
      const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
      opened.push(db)
      return db
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((db) => db.destroy()))
      await asAdmin(serverUrl, `drop database ${name} with (force)`)
    },
  }
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}
