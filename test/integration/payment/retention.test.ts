import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { forgetOnce } from '../../../apps/payment/retention.ts'
import type { PaymentDatabase } from '../../../apps/payment/tables.ts'
import { freshDatabase, type TestDatabase } from '../../support/system/database.ts'

let database: TestDatabase
let db: Kysely<PaymentDatabase>
beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  db = database.open<PaymentDatabase>('payment_service')
})
afterAll(() => database[Symbol.asyncDispose]())

const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1_000)
const names = async (table: string, column: string): Promise<readonly string[]> => {
  const query = sql<{ name: string }>`select ${sql.id(column)} as name from ${sql.id(table)} order by 1`
  return (await query.execute(db)).rows.map(({ name }) => name)
}

const fail = (error: unknown) => expect.fail(String(error))
/** One row of a table at a time. */
const forgetAll = async () => {
  while ((await forgetOnce(db, { limit: 1, onFailure: fail })) > 0);
}

async function keepEvents(): Promise<void> {
  for (const [outcome, days] of [
    ['applied', 91],
    ['known', 91],
    ['undecided', 91],
    ['other', 91],
    ['applied', 89],
    ['alarm', 400],
    ['unknown_order', 400],
    ['dispute', 400],
    ['failed', 400],
  ] as const) {
    await sql`
      insert into gateway_event (id, type, is_about_refunds, created_at, received_at, handled_at, outcome)
      values (${`${outcome} ${days}`}, 'x', false, now(), ${daysAgo(days)}, ${daysAgo(days)}, ${outcome})`.execute(db)
  }
  await sql`
    insert into gateway_event (id, type, is_about_refunds, created_at, received_at, next_attempt_at)
    values ('waiting 400', 'x', false, now(), ${daysAgo(400)}, now())`.execute(db)
}

async function keepRun(by: string, finishedAt: Date | null): Promise<string> {
  const state = finishedAt === null ? 'running' : 'finished'
  const { rows } = await sql<{ id: string }>`
    insert into reconciliation (asked_by, created_since, created_until, state, finished_at)
    values (${by}, ${daysAgo(500)}, ${daysAgo(400)}, ${state}, ${finishedAt}) returning id`.execute(db)
  const id = rows[0]?.id ?? ''
  await sql`insert into reconciliation_pair values (${id}, 'pi_1', 'intents', 'matched')`.execute(db)
  return id
}

test('what taught us something or nothing is forgotten after 90 days, and never what a person has to look at', async () => {
  await keepEvents()
  await forgetAll()
  expect(await names('gateway_event', 'id')).toEqual([
    'alarm 400',
    'applied 89',
    'dispute 400',
    'failed 400',
    'unknown_order 400',
    'waiting 400',
  ])
})

test('of comparisons the pairs go when they have ended, the rest after 90 days, unless a finding that is kept names them', async () => {
  const finding = (kind: string, runs: readonly string[], settledAt: Date | null) =>
    sql`
      insert into reconciliation_finding (kind, payment_id, order_id, evidence, first_seen_by, last_seen_by, settled_at)
      values (${kind}, 'pi_1', uuidv7(), '{}', ${runs[0]}, ${runs[1]}, ${settledAt})`.execute(db)
  const first = await keepRun('first of a finding', daysAgo(200))
  const last = await keepRun('last of a finding', daysAgo(200))
  await finding('missing_here', [first, last], null)
  const settled = await keepRun('of a finding settled lately', daysAgo(200))
  await finding('state_differs', [settled, settled], daysAgo(89))
  const old = await keepRun('of a finding settled long ago', daysAgo(200))
  await finding('amount_differs', [old, old], daysAgo(91))
  await keepRun('old', daysAgo(91))
  await keepRun('young', daysAgo(89))
  await keepRun('running', null)
  await forgetAll()
  expect(await names('reconciliation', 'asked_by')).toEqual([
    'first of a finding',
    'last of a finding',
    'of a finding settled lately',
    'running',
    'young',
  ])
  expect(await names('reconciliation_finding', 'kind')).toEqual(['missing_here', 'state_differs'])
  expect(await names('reconciliation_pair', 'payment_id')).toEqual(['pi_1'])
})

test('a table that nobody lets go of its rows keeps no other from it', async () => {
  const admin = database.open<PaymentDatabase>('postgres', 1)
  await sql`revoke delete on payment_service.gateway_event from payment_service`.execute(admin)
  await keepRun('forgotten nevertheless', daysAgo(91))
  const failures: unknown[] = []
  await forgetOnce(db, { onFailure: (error) => failures.push(error) })
  expect(failures).toMatchObject([{ code: '42501' }])
  expect(await names('reconciliation', 'asked_by')).not.toContain('forgotten nevertheless')
})
