import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { decideAll } from '#messaging'
import { createApp, createLogger, createReadiness, env, type HttpApp } from '#runtime'
import { notificationRoutes } from '../../../apps/notification/http.ts'
import { smtpMailer } from '../../../apps/notification/mailer.ts'
import { notificationParticipant } from '../../../apps/notification/saga.ts'
import type { NotificationDatabase } from '../../../apps/notification/tables.ts'
import { freshDatabase, type TestDatabase } from '../../support/system/database.ts'
import { ids } from '../../unit/notification/notifications.ts'
import { type NotificationInput, transitions } from '../../unit/notification/transitions.ts'

const mailer = smtpMailer({
  url: 'smtp://127.0.0.1:1',
  from: 'orders@paysaga.example',
  maxConnections: 1,
  attemptTimeoutMs: 30_000,
})
const participant = notificationParticipant(mailer)
let database: TestDatabase
let app: HttpApp
beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  const db = database.open<NotificationDatabase>('notification_service')
  const apiKeys = env
    .apiKeys()
    .parse(`sk_test_paysaga=${ids.merchantId},sk_test_other=0190a000-0000-7000-8000-000000000002`)
  const log = createLogger({ service: 'test', level: 'warn' })
  app = createApp({ service: 'test', readiness: createReadiness(), log })
  app.route('/', notificationRoutes({ db, apiKeys }))
})
afterAll(async () => {
  mailer.close()
  await database[Symbol.asyncDispose]()
})

test('mails are listed for their merchant, one effect at a time, and an erasure takes back what never left', async () => {
  const db = database.open<NotificationDatabase>('notification_service', 1)
  const feed = async (input: NotificationInput) => {
    const [decided] = await db
      .transaction()
      .execute((trx) => decideAll(trx, participant, [{ key: ids.orderId, input, cause: { id: 'c', traceparent: '' } }]))
    return decided
  }
  const get = async (key: string) => {
    const response = await app.request(`/notifications?orderId=${ids.orderId}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    return JSON.parse(await response.text())
  }
  const effects = async () =>
    (await sql<{ lane: string; idempotency_key: string }>`select lane, idempotency_key from effect`.execute(db)).rows
  expect(await get('sk_test_paysaga')).toEqual({ data: [] })
  for (const type of ['OrderPlaced', 'OrderConfirmed', 'OrderCancelled', 'OrderRefundFailed'] as const)
    await feed(transitions[type].input)
  expect(await effects()).toEqual([{ lane: `${ids.orderId}/mail`, idempotency_key: `${ids.orderId}/mail/1` }])
  expect((await get('sk_test_paysaga')).data).toMatchObject([
    { number: 1, kind: 'order_confirmed', status: 'sending' },
    { number: 2, kind: 'order_cancelled', status: 'queued' },
    { number: 3, status: 'queued' },
  ])
  expect(await get('sk_test_other')).toEqual({ data: [] })
  const erased = await feed({ ...transitions.CustomerErased.input })
  expect(erased?.state).toMatchObject({
    status: 'erased',
    messages: [{ status: 'cancelled' }, { status: 'cancelled' }, { status: 'cancelled' }],
  })
  expect(await effects()).toEqual([])
  const { rows } = await sql<{ text: string }>`select state::text as text from notifications`.execute(db)
  expect(rows[0]?.text).not.toContain('ada')
})
