import pg from 'pg'
import { migrate, type ServiceSchema } from '../../../db/migrate.ts'
import type { Stack } from '../../../infra/index.ts'
import { scaledMs } from '../limits.ts'

/** All services in one database, or one database for each. Both are the same code told other URLs. */
export type Layout = 'one' | 'each'

/** The database that each schema lives in. */
export type Databases = { readonly [schema in ServiceSchema]: string }

/** The one that every stack has. */
const common = 'paysaga'

export function databasesOf(layout: Layout): Databases {
  return layout === 'one'
    ? { order_service: common, payment_service: common, notification_service: common }
    : {
        order_service: 'paysaga_order',
        payment_service: 'paysaga_payment',
        notification_service: 'paysaga_notification',
      }
}

const distinct = (databases: Databases): readonly string[] => [...new Set(Object.values(databases))]

/** What all services of a test are told that does not depend on where they are. */
export const testSettings = {
  // As in the profile `test`, on a machine that gives a service its processor time as soon as it asks for it.
  KAFKA_SESSION_TIMEOUT_MS: `${scaledMs(2_000)}`,
  // A third of the processor time of a run was Connect's looking for events that were not there, two hundred times a second.
  CONNECTOR_POLL_MS: '20',
} as const

/** What the services and the relay are told where these are their databases. */
export function environmentFor({ endpoints }: Stack, databases: Databases): Readonly<Record<string, string>> {
  const urls = (role: string) => distinct(databases).map((name) => endpoints.databaseUrl(role, name))
  return {
    ...testSettings,
    ORDER_DATABASE_URL: endpoints.databaseUrl('order_service', databases.order_service),
    PAYMENT_DATABASE_URL: endpoints.databaseUrl('payment_service', databases.payment_service),
    NOTIFICATION_DATABASE_URL: endpoints.databaseUrl('notification_service', databases.notification_service),
    RELAY_DATABASE_URLS: urls('relay').join(),
    CONNECT_DATABASE_URLS: distinct(databases)
      .map((name) => endpoints.connectDatabaseUrl('relay', name))
      .join(),
  }
}

/** Makes the databases that are missing, and brings each up to date with the schemas that live in it. */
export async function migrateAll({ endpoints }: Stack, databases: Databases): Promise<void> {
  const schemas = Map.groupBy(Object.keys(databases).filter(isSchema), (schema) => databases[schema])
  for (const [name, ofDatabase] of schemas) {
    if (name !== common) await createDatabase(endpoints.adminUrl, name)
    await migrate(endpoints.databaseUrl('postgres', name), ofDatabase)
  }

  function isSchema(key: string): key is ServiceSchema {
    return Object.hasOwn(databases, key)
  }
}

async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [name])
    if (rowCount === 0) await admin.query(`create database ${pg.escapeIdentifier(name)}`)
  } finally {
    await admin.end()
  }
}
