import { readdir, readFile } from 'node:fs/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import pg from 'pg'

/** The services' schemas. Each has a role of the same name. */
export const serviceSchemas = ['order_service', 'payment_service', 'notification_service'] as const
export type ServiceSchema = (typeof serviceSchemas)[number]

/** A start right after the server's own may have to wait for it, but not for ever. */
const connectTimeoutMs = 10_000

/**
 * Brings a database up to date: roles and publication, then for each schema the messaging library's tables and its own.
 * Forward only; each file runs once, in its own transaction group, under a lock that makes concurrent callers wait.
 *
 * @param adminUrl a superuser's connection string to the database itself
 * @param schemas the services that live in it: all of them, or one per database
 * @returns the names of the migrations that were applied, such as `order_service/0001_orders`
 * @throws the error of the first statement that failed; what came before in other folders stays applied
 */
export async function migrate(
  adminUrl: string,
  schemas: readonly ServiceSchema[] = serviceSchemas,
): Promise<readonly string[]> {
  // Held until the connection ends: a second caller waits and finds everything done.
  await using lock = open(adminUrl, 'public')
  await sql`select pg_advisory_lock(hashtext('paysaga migrations'))`.execute(lock)
  const applied = await applyFolder(adminUrl, { folder: 'database', schema: 'public' })
  for (const schema of schemas) {
    await createSchema(adminUrl, schema)
    applied.push(...(await applyFolder(adminUrl, { folder: 'messaging', schema })))
    applied.push(...(await applyFolder(adminUrl, { folder: schema, schema })))
  }
  return applied
}

async function createSchema(adminUrl: string, schema: string): Promise<void> {
  await using db = open(adminUrl, 'public')
  await sql`create schema if not exists ${sql.id(schema)}`.execute(db)
}

async function applyFolder(adminUrl: string, { folder, schema }: { folder: string; schema: string }) {
  await using db = open(adminUrl, schema)
  // A record per folder and schema: the library's migrations and a service's are two sequences that grow on their own.
  const migrationTableName = schema === folder ? schema : `${schema}_${folder}`
  const { error, results } = await new Migrator({
    db,
    provider: new SqlFiles(new URL(`./${folder}/`, import.meta.url)),
    migrationTableSchema: 'migrations',
    migrationTableName,
    migrationLockTableName: `${migrationTableName}_lock`,
  }).migrateToLatest()
  if (error !== undefined) throw error instanceof Error ? error : new Error('migration failed', { cause: error })
  const path = schema === folder || folder === 'database' ? folder : `${schema}/${folder}`
  return (results ?? []).map(({ migrationName }) => `${path}/${migrationName}`)
}

function open(connectionString: string, searchPath: string): Kysely<unknown> {
  const pool = new pg.Pool({
    connectionString,
    max: 1,
    connectionTimeoutMillis: connectTimeoutMs,
    options: `-c search_path=${searchPath}`,
  })
  pool.on('error', () => undefined)
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
