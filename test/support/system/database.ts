import { randomBytes } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { migrate } from '../../../db/migrate.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly adminUrl: string
  /** A connection string in a role. */
  url(role: string): string
  /** A pool in a role; closed with the database. */
  open<Tables>(role: string, poolMax?: number): Kysely<Tables>
}

/** The migrated database that others are copied from. */
const template = 'test_template'

/** Migrates the database that `freshDatabase` copies; once for a server. */
export async function prepareTemplate(serverUrl: string): Promise<void> {
  const url = Object.assign(new URL(serverUrl), { pathname: template }).href
  await asAdmin(serverUrl, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template])
    // A server that is kept between runs may have the template of older migrations.
    if (rowCount !== 0) await client.query(`drop database ${template} with (force)`)
    await client.query(`create database ${template}`)
  })
  await migrate(url)
}

/** A migrated database of its own, dropped when disposed. Needs `prepareTemplate` for its server before. */
export async function freshDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asAdmin(serverUrl, (client) => client.query(`create database ${name} template ${template}`))
  const url = (role: string): string => Object.assign(new URL(serverUrl), { pathname: name, username: role }).href
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
      await asAdmin(serverUrl, (client) => client.query(`drop database ${name} with (force)`))
    },
  }
}

async function asAdmin(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
