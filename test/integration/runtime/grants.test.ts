import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { appendToOutbox } from '#messaging'
import { freshDatabase, type TestDatabase } from '../../support/system/database.ts'

const services = ['order_service', 'payment_service', 'notification_service'] as const
const privilegeMissing = '42501'

/** Each service's own tables; the first is the aggregate's. */
const ofTheLibrary = ['outbox', 'effect', 'parked_key', 'parked_message', 'unplaceable_message', 'operation']
const tablesOf = {
  order_service: ['orders', 'orders_history', 'idempotency_keys', ...ofTheLibrary],
  payment_service: [
    'payments',
    'payments_history',
    'ledger_transfers',
    'ledger_blocks',
    'gateway_event',
    'reconciliation',
    'reconciliation_pair',
    'reconciliation_finding',
    ...ofTheLibrary,
  ],
  notification_service: ['notifications', 'notifications_history', ...ofTheLibrary],
} as const

describe('the roles of the database', () => {
  let database: TestDatabase
  const pools = new Map<string, Kysely<unknown>>()
  beforeAll(async () => {
    database = await freshDatabase(inject('postgresUrl'))
    for (const role of [...services, 'relay']) pools.set(role, database.open<unknown>(role, 2))
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const as = async (role: string, statement: string): Promise<unknown> => {
    const pool = pools.get(role)
    if (pool === undefined) throw new Error(`no pool for ${role}`)
    return await sql.raw(statement).execute(pool)
  }
  const expectRefused = (role: string, statement: string) =>
    expect(as(role, statement), `${role}: ${statement}`).rejects.toMatchObject({ code: privilegeMissing })

  it.each(services)('%s reaches no table of another service', async (service) => {
    for (const other of services.filter((name) => name !== service)) {
      for (const table of tablesOf[other]) {
        await expectRefused(service, `select * from ${other}.${table}`)
        await expectRefused(service, `insert into ${other}.${table} default values`)
        await expectRefused(service, `delete from ${other}.${table}`)
      }
    }
  })

  it.each(services)('%s reaches every table of its own, and there are no others', async (service) => {
    for (const table of tablesOf[service]) await as(service, `select * from ${table}`)
    const { rows } = await sql<{ name: string }>`
      select relname as name from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = ${service} and relkind in ('r', 'p', 'v', 'm') and not relispartition`.execute(
      database.open<unknown>('postgres', 1),
    )
    expect(rows.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b))).toEqual(
      tablesOf[service].toSorted((a, b) => a.localeCompare(b)),
    )
  })

  it.each(services)('%s can neither change nor unsay what it has said', async (service) => {
    await expectRefused(service, `update outbox set payload = '{}'`)
    await expectRefused(service, 'delete from outbox')
    await expectRefused(service, 'truncate outbox')
    const { rows } = await sql<{ partition: string }>`
      select inhrelid::regclass::text as partition from pg_inherits where inhparent = 'outbox'::regclass`.execute(
      pools.get(service) ?? database.open<unknown>(service),
    )
    expect(rows.length).toBeGreaterThan(14)
    for (const { partition } of rows) await expectRefused(service, `update ${partition} set payload = '{}'`)
    await expectRefused(service, 'select outbox_cover_days(1)')
  })

  it.each(services)('%s can neither change nor unsay what operators did and what was none of ours', async (service) => {
    await expectRefused(service, `update operation set by = 'nobody'`)
    await expectRefused(service, 'delete from operation')
    await expectRefused(service, `update unplaceable_message set error = ''`)
    await expectRefused(service, 'delete from unplaceable_message')
  })

  it.each(services)('%s can neither rewrite its history nor make tables', async (service) => {
    const [aggregate] = tablesOf[service]
    await expectRefused(service, `update ${aggregate}_history set type = 'x'`)
    await expectRefused(service, `delete from ${aggregate}_history`)
    await expectRefused(service, `delete from ${aggregate}`)
    await expectRefused(service, 'create table mine (id int)')
    await expectRefused(service, 'create table public.mine (id int)')
  })

  it('payment_service can neither change nor unsay what it has posted and sealed', async () => {
    for (const table of ['ledger_transfers', 'ledger_blocks']) {
      await expectRefused('payment_service', `update ${table} set hash = ''`)
      await expectRefused('payment_service', `delete from ${table}`)
      await expectRefused('payment_service', `truncate ${table}`)
      await expectRefused('payment_service', `alter table ${table} disable trigger all`)
    }
  })

  it.each(services)('relay may move rows of the outbox of %s, and sees nothing else of it', async (service) => {
    await as('relay', `select * from ${service}.outbox`)
    await as('relay', `delete from ${service}.outbox where false`)
    await as('relay', `select ${service}.outbox_cover_days(14)`)
    await expectRefused('relay', `update ${service}.outbox set payload = '{}'`)
    for (const table of tablesOf[service].filter((name) => name !== 'outbox')) {
      await expectRefused('relay', `select * from ${service}.${table}`)
    }
  })

  it.each(services)('%s is cut off when it hangs', async (service) => {
    const { rows } = await sql<{ name: string; setting: string }>`
      select name, setting from pg_settings
      where name in ('lock_timeout', 'statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')
        and setting = '0'`.execute(pools.get(service) ?? database.open<unknown>(service))
    expect(rows).toEqual([])
  })

  it('the outbox refuses what the connector could not ship', async () => {
    const pool = pools.get('order_service') ?? database.open<unknown>('order_service')
    const say = (change: object) =>
      pool.transaction().execute((trx) =>
        appendToOutbox(trx, [
          {
            stream: 'order',
            key: 'k',
            type: 'T',
            version: 1,
            payload: '{}',
            correlationId: 'k',
            causationId: 'c',
            traceparent: '',
            source: 's',
            ...change,
          },
        ]),
      )
    await expect(say({ payload: 'x'.repeat(900_001) })).rejects.toMatchObject({
      constraint: 'outbox_payload_fits_a_message',
    })
    await expect(say({ key: null })).rejects.toMatchObject({ code: '23502' })
    await expect(say({ version: -1 })).rejects.toMatchObject({ constraint: 'outbox_version_counts' })
    await say({ payload: 'x'.repeat(900_000) })
  })

  it('partitions of the outbox reach two weeks ahead, and making them again changes nothing', async () => {
    const admin = database.open<unknown>('postgres', 1)
    const partitions = async () =>
      (await sql`select inhrelid from pg_inherits where inhparent = 'order_service.outbox'::regclass`.execute(admin))
        .rows.length
    expect(await partitions()).toBeGreaterThanOrEqual(16)
    await as('relay', 'select order_service.outbox_cover_days(20)')
    const covered = await partitions()
    await as('relay', 'select order_service.outbox_cover_days(14)')
    expect(await partitions()).toBe(covered)
  })

  it('migrations that have run do not run again', async () => {
    const { migrate } = await import('../../../db/migrate.ts')
    expect(await migrate(database.adminUrl)).toEqual([])
  })
})
