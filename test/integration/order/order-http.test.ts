import { randomUUIDv7 } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { decideAll } from '#messaging'
import { createApp, createLogger, createReadiness, env, type HttpApp } from '#runtime'
import { orderCommands } from '../../../apps/order/commands.ts'
import { orderRoutes } from '../../../apps/order/http.ts'
import { orderParticipant } from '../../../apps/order/saga.ts'
import type { OrderDatabase } from '../../../apps/order/tables.ts'
import { propertySeed } from '../../support/config.ts'
import { silentLog } from '../../support/counter/counter.ts'
import { freshDatabase, type TestDatabase } from '../../support/system/database.ts'
import { anySequence, place as placing } from '../../unit/order/any-sequence.ts'

const merchantId = '0190a000-0000-7000-8000-000000000001'
const participant = orderParticipant({ payWithinMs: 60_000, captureWithinMs: 60_000 })
let database: TestDatabase
let app: HttpApp

beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  const db = database.open<OrderDatabase>('order_service')
  const apiKeys = env
    .apiKeys()
    .parse(`sk_test_paysaga=${merchantId},sk_test_other=0190a000-0000-7000-8000-000000000002`)
  const log = createLogger({ service: 'test', level: 'warn' })
  app = createApp({ service: 'test', readiness: createReadiness(), log })
  app.route('/', orderRoutes({ db, commands: orderCommands(db, participant, silentLog), apiKeys }))
})
afterAll(() => database[Symbol.asyncDispose]())

const body = {
  customer: { email: 'ada@example.com', name: 'Ada' },
  currency: 'EUR',
  items: [{ sku: 'lamp', quantity: 2, unitPriceMinor: 5_000 }],
  paymentMethod: 'pm_card_visa',
  metadata: { shop: 'Köln', note: '"; drop' },
}

interface Sent {
  readonly method?: string
  readonly key?: string
  readonly body?: unknown
  readonly as?: string
}
async function send(path: string, { method = 'POST', key, body: sent, as = 'sk_test_paysaga' }: Sent = {}) {
  const headers = new Headers({ authorization: `Bearer ${as}` })
  if (key !== undefined) headers.set('idempotency-key', key)
  if (sent !== undefined) headers.set('content-type', 'application/json')
  const response = await app.request(path, {
    method,
    headers,
    ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) }
}
const get = (path: string, as = 'sk_test_paysaga') => send(path, { method: 'GET', as })
const place = async (key: string) => String((await send('/orders', { key, body })).json.id)
const count = async (statement: string) => {
  const db = database.open<OrderDatabase>('order_service', 1)
  return (await sql<{ n: string }>`select count(*) as n from ${sql.raw(statement)}`.execute(db)).rows[0]?.n
}
let version = 0
async function hear(orderId: string, type: 'PaymentAuthorized' | 'PaymentCaptured') {
  const db = database.open<OrderDatabase>('order_service', 1)
  const ids = { orderId, merchantId }
  const input =
    type === 'PaymentAuthorized'
      ? ({
          ...ids,
          type,
          paymentId: 'p',
          amountMinor: 10_000n,
          currency: 'EUR',
          expiresAt: new Date().toISOString(),
        } as const)
      : ({ ...ids, type, capturedMinor: 10_000n, refundedMinor: 0n } as const)
  const cause = { id: `m${version++}`, traceparent: '' }
  const [decided] = await db
    .transaction()
    .execute((trx) => decideAll(trx, participant, [{ key: orderId, input, cause }]))
  expect(decided?.decision.is).toBe('applied')
}

describe('POST /orders', () => {
  test('answers 202 with address, version and the order, and GET says the same', async () => {
    const placed = await send('/orders', { key: 'k1', body })
    expect(placed.status).toBe(202)
    expect(placed.headers.get('location')).toBe(`/orders/${placed.json.id}`)
    expect(placed.headers.get('etag')).toBe('"1"')
    expect(placed.json).toMatchObject({
      status: 'pending',
      totalMinor: 10_000,
      version: 1,
      metadata: body.metadata,
      settled: false,
    })
    const got = await get(`/orders/${placed.json.id}`)
    expect([got.status, got.headers.get('etag'), got.json]).toEqual([200, '"1"', placed.json])
  })

  test('replays word for word under the same key, whatever the order of the members', async () => {
    const first = await send('/orders', { key: 'k2', body })
    const again = await send('/orders', { key: 'k2', body: Object.fromEntries(Object.entries(body).reverse()) })
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([202, first.text, 'true'])
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    expect(first.headers.get('idempotent-replayed')).toBeNull()
  })

  test('refuses the key for another body and for another path', async () => {
    await send('/orders', { key: 'k3', body })
    const other = await send('/orders', { key: 'k3', body: { ...body, paymentMethod: 'pm_other' } })
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused'])
    expect((await send(`/orders/${await place('k3b')}/cancel`, { key: 'k3' })).status).toBe(422)
  })

  test('makes one order of twenty concurrent requests under one key', async () => {
    const before = await count('orders')
    const all = await Promise.all(Array.from({ length: 20 }, () => send('/orders', { key: 'k4', body })))
    expect(new Set(all.map(({ text }) => text)).size).toBe(1)
    expect(all.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1)
    expect(Number(await count('orders'))).toBe(Number(before) + 1)
    expect(await count('outbox')).toBe(await count('orders'))
  })

  test('keeps the keys of merchants apart', async () => {
    const mine = await send('/orders', { key: 'k5', body })
    const theirs = await send('/orders', { key: 'k5', body, as: 'sk_test_other' })
    expect(theirs.status).toBe(202)
    expect(theirs.json.id).not.toBe(mine.json.id)
    expect((await get(`/orders/${theirs.json.id}`)).status).toBe(404)
    expect((await send(`/orders/${theirs.json.id}/cancel`)).status).toBe(404)
    expect((await send(`/orders/${theirs.json.id}/refunds`, { key: 'k5x', body: {} })).status).toBe(404)
  })
})

test('an order is cancelled once and then answers the same', async () => {
  const id = await place('c1')
  const cancelled = await send(`/orders/${id}/cancel`, { key: 'c2' })
  expect([cancelled.status, cancelled.json.status, cancelled.json.reason, cancelled.json.version]).toEqual([
    202,
    'cancelled',
    'customer_request',
    2,
  ])
  expect((await send(`/orders/${id}/cancel`, { key: 'c2' })).status).toBe(202)
  expect((await send(`/orders/${id}/cancel`)).status).toBe(200)
  expect((await send(`/orders/${id}/cancel`, { key: 'c3' })).status).toBe(200)
})

test('a refund is granted once per key, listed, and refused beyond what is left, which is replayed too', async () => {
  const id = await place('r1')
  const early = await send(`/orders/${id}/refunds`, { key: 'r2', body: {} })
  expect([early.status, early.json.code]).toEqual([409, 'order_not_paid'])
  await hear(id, 'PaymentAuthorized')
  await hear(id, 'PaymentCaptured')
  const late = await send(`/orders/${id}/refunds`, { key: 'r2', body: {} })
  expect([late.status, late.headers.get('idempotent-replayed')]).toEqual([409, 'true'])
  const granted = await send(`/orders/${id}/refunds`, { key: 'r3', body: { amountMinor: 4_000, reason: 'broken' } })
  expect([granted.status, granted.json]).toMatchObject([
    202,
    { amountMinor: 4_000, status: 'pending', reason: 'broken' },
  ])
  expect(
    (await send(`/orders/${id}/refunds`, { key: 'r3', body: { reason: 'broken', amountMinor: 4_000 } })).text,
  ).toBe(granted.text)
  const much = await send(`/orders/${id}/refunds`, { key: 'r4', body: { amountMinor: 6_001 } })
  expect([much.status, much.json.code]).toEqual([422, 'refund_exceeds_captured'])
  expect((await get(`/orders/${id}/refunds`)).json).toEqual({ data: [granted.json] })
  expect((await get(`/orders/${id}`)).json).toMatchObject({ status: 'paid', version: 4, capturedMinor: 10_000 })
})

test('the list goes from page to page, newest first, with and without a status', async () => {
  const ids: string[] = []
  for (let at = 0; at < 5; at += 1)
    ids.push(String((await send('/orders', { key: `l${at}`, body, as: 'sk_test_other' })).json.id))
  await send(`/orders/${ids[2]}/cancel`, { as: 'sk_test_other' })
  const seen: string[] = []
  let cursor = ''
  do {
    const page = await get(`/orders?limit=2${cursor}`, 'sk_test_other')
    for (const order of page.json.data) seen.push(order.id)
    cursor = page.json.nextCursor === undefined ? '' : `&cursor=${page.json.nextCursor}`
  } while (cursor !== '')
  expect(seen.slice(0, 5)).toEqual(ids.toReversed())
  const cancelled = await get('/orders?status=cancelled', 'sk_test_other')
  expect(cancelled.json.data.map(({ id }: { id: string }) => id)).toEqual([ids[2]])
})

test('the history tells each change and cannot be rewritten', async () => {
  const db = database.open<OrderDatabase>('order_service', 1)
  const id = await place('h1')
  await send(`/orders/${id}/cancel`)
  const { rows } = await sql<{
    type: string
    version: number
  }>`select type, version from orders_history where id = ${id} order by position`.execute(db)
  expect(rows).toEqual([
    { type: 'PlaceOrder', version: 1 },
    { type: 'CancelOrder', version: 2 },
  ])
  await expect(sql`update orders_history set type = 'x'`.execute(db)).rejects.toThrow('permission denied')
  await expect(sql`delete from orders`.execute(db)).rejects.toThrow('permission denied')
})

test('whatever is decided, the table takes it', async () => {
  const db = database.open<OrderDatabase>('order_service', 1)
  const hasty = orderParticipant({ payWithinMs: 1, captureWithinMs: 1 })
  let cause = 0
  await fc.assert(
    fc.asyncProperty(anySequence, async (sequence) => {
      const key = randomUUIDv7()
      for (const input of [{ ...placing, orderId: key }, ...sequence.map(([some]) => some)]) {
        cause += 1
        const command = { key, input, cause: { id: String(cause), traceparent: '' } }
        const [decided] = await db.transaction().execute((trx) => decideAll(trx, hasty, [command]))
        expect(decided?.decision.is).not.toBe('notYet')
      }
    }),
    { seed: propertySeed, numRuns: 100, endOnFailure: true },
  )
})
