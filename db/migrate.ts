import { readdir, readFile } from 'node:fs/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import pg from 'pg'

/** The services' schemas. Each has a role of the same name. */
export const serviceSchemas = ['order_service', 'payment_service', 'notification_service'] as const
export type ServiceSchema = (typeof serviceSchemas)[number]

/** A schema of somebody else's service, with migrations in a folder of its own. */
export interface OwnSchema {
  /** Its role is called the same. */
  readonly schema: string
  /** Of files as in `db/`, numbered from 0001. */
  readonly folder: URL
}

/** A server that has just started serves others too, on a slow machine for minutes; one that is gone refuses at once. */
const connectTimeoutMs = 120_000

/**
 * Brings a database up to date: roles and publication, then for each schema the messaging library's tables and its own.
 * Forward only; each file runs once, in its own transaction group, under a lock that makes concurrent callers wait.
 *
 * @param adminUrl a superuser's connection string to the database itself
 * @param schemas the services that live in it: all of them, one per database, or those of others
 * @returns the names of the migrations that were applied, such as `order_service/0001_orders`
 * @throws the error of the first statement that failed; what came before in other folders stays applied
 */
export async function migrate(
  adminUrl: string,
  schemas: readonly (ServiceSchema | OwnSchema)[] = serviceSchemas,
): Promise<readonly string[]> {
  // Held until the connection ends: a second caller waits and finds everything done.
  await using lock = open(adminUrl, 'public')
  await sql`select pg_advisory_lock(hashtext('paysaga migrations'))`.execute(lock)
  const applied = await applyFolder(adminUrl, { name: 'database', schema: 'public', folder: folderOf('database') })
  for (const each of schemas) {
    const { schema, folder } = typeof each === 'string' ? { schema: each, folder: folderOf(each) } : each
    await createSchema(adminUrl, schema)
    const messaging = { name: 'messaging', schema, folder: folderOf('messaging') }
    applied.push(...(await applyFolder(adminUrl, messaging)))
    applied.push(...(await applyFolder(adminUrl, { name: schema, schema, folder })))
  }
  return applied
}

const folderOf = (name: string): URL => new URL(`./${name}/`, import.meta.url)

async function createSchema(adminUrl: string, schema: string): Promise<void> {
  await using db = open(adminUrl, 'public')
  await sql`create schema if not exists ${sql.id(schema)}`.execute(db)
}

interface Sequence extends OwnSchema {
  readonly name: string
}

async function applyFolder(adminUrl: string, { name, schema, folder }: Sequence) {
  await using db = open(adminUrl, schema)
  // A record per folder and schema: the library's migrations and a service's are two sequences that grow on their own.
  const migrationTableName = schema === name ? schema : `${schema}_${name}`
  const { error, results } = await new Migrator({
    db,
    provider: new SqlFiles(folder),
    migrationTableSchema: 'migrations',
    migrationTableName,
    migrationLockTableName: `${migrationTableName}_lock`,
  }).migrateToLatest()
  if (error !== undefined) throw error instanceof Error ? error : new Error('migration failed', { cause: error })
  const path = schema === name || name === 'database' ? name : `${schema}/${name}`
  return (results ?? []).map(({ migrationName }) => `${path}/${migrationName}`)
}

function open(connectionString: string, searchPath: string): Kysely<unknown> {
  const pool = new pg.Pool({
    connectionString,
    max: 1,
    // The lock lives as long as its connection, and an idle one would be closed after ten seconds.
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: connectTimeoutMs,
    options: `-c search_path=${searchPath}`,
  })
  // One that is in use breaks on itself: what waits on it is rejected, and nobody else needs to hear of it.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}

/** `NNNN_words.sql`, in the order of their numbers. */
class SqlFiles implements MigrationProvider {
  readonly #folder: URL

  constructor(folder: URL) {
    this.#folder = folder
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const files = (await readdir(this.#folder)).filter((file) => file.endsWith('.sql'))
    const migrations = await Promise.all(
      files.map(async (file) => {
        const text = await readFile(new URL(file, this.#folder), 'utf8')
        const up = async (db: Kysely<unknown>): Promise<void> => void (await sql.raw(text).execute(db))
        return [file.replace(/\.sql$/, ''), { up }] as const
      }),
    )
    return Object.fromEntries(migrations)
  }
}
