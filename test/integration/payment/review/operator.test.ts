import { randomUUID, randomUUIDv7 } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createApp, createLogger, createMetrics, createReadiness, env, type HttpApp } from '#runtime'
import type { Found } from '../../../../apps/payment/gateway/look-ups.ts'
import { paymentMetrics } from '../../../../apps/payment/metrics.ts'
import { resolving } from '../../../../apps/payment/review/operator.ts'
import { operatorRoutes } from '../../../../apps/payment/review/operator-http.ts'
import type { PaymentDatabase } from '../../../../apps/payment/tables.ts'
import { keepEvent } from '../../../../apps/payment/webhooks/gateway-events-store.ts'
import { parseExposition, sumOf } from '../../../support/exposition.ts'
import { limitMs } from '../../../support/limits.ts'
import { expiresAt, payingOrder, uncalled } from '../../../support/payment/paying-order.ts'
import { freshDatabase, type TestDatabase } from '../../../support/system/database.ts'

const log = createLogger({ service: 'test', level: 'silent' })
let database: TestDatabase
let db: Kysely<PaymentDatabase>
let app: HttpApp
/** What the gateway answers to a look-up. */
let atGateway: () => Promise<Found | undefined> = () => Promise.resolve(undefined)

beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  db = database.open<PaymentDatabase>('payment_service')
  const lookUps = { lookUp: () => atGateway(), search: () => atGateway() }
  const resolve = resolving({ db, participant: uncalled, lookUps, log })
  app = createApp({ service: 'test', readiness: createReadiness(), log })
  app.route('/', operatorRoutes({ db, resolve, keys: env.operatorKeys().parse('sk_ops_paysaga=ada') }))
})
afterAll(() => database[Symbol.asyncDispose]())

async function send(path: string, { body, as = 'sk_ops_paysaga' }: { body?: object; as?: string } = {}) {
  const headers = new Headers({ authorization: `Bearer ${as}`, 'content-type': 'application/json' })
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await app.request(path, { headers, ...sent })
  return { status: response.status, json: JSON.parse(await response.text()) }
}
const resolve = (orderId: string, body: object) => send(`/ops/payments/${orderId}/resolve`, { body })
const operations = async (orderId: string) =>
  (
    await sql<{ kind: string; by: string; reason: string; filter: string }>`
      select kind, by, reason, filter from operation where ${orderId} = any(keys)`.execute(db)
  ).rows

const capturing = ['OrderPlaced', 'Held', 'OrderConfirmed'] as const
const inReview = () =>
  payingOrder(db, [...capturing, { type: 'GaveUp', operation: 'capture', reason: 'no_answer' }], `pi_${randomUUID()}`)
const unknown = () =>
  payingOrder(db, [...capturing, { type: 'OutcomeUnknown', operation: 'capture' }], `pi_${randomUUID()}`)
const within = { timeout: limitMs(5_000), interval: 100 }
const evidence = 'dashboard, settlement file of Monday'

test('payments in doubt are listed by their condition, with what is in doubt and since when', async () => {
  const [review, lost, fine] = [await inReview(), await unknown(), await payingOrder(db, capturing)]
  const listed = async (query: string): Promise<string[]> =>
    (await send(`/ops/payments${query}`)).json.payments.map(({ orderId }: { orderId: string }) => orderId)
  expect(await listed('?condition=review')).toContain(review.orderId)
  expect(await listed('?condition=review')).not.toContain(lost.orderId)
  expect(await listed('?condition=unknown')).toContain(lost.orderId)
  expect(await listed('')).toEqual(expect.arrayContaining([review.orderId, lost.orderId]))
  expect(await listed('')).not.toContain(fine.orderId)
  const { json } = await send('/ops/payments?condition=review&limit=1000')
  const found = json.payments.find(({ orderId }: { orderId: string }) => orderId === review.orderId)
  expect(found).toMatchObject({
    operation: 'capture',
    reason: 'no_answer',
    paymentId: review.paymentId,
    amountMinor: 1_200,
    since: expect.stringMatching(/^\d{4}-/),
  })
})

test('nobody without a key of an operator sees or says anything', async () => {
  const { orderId } = await inReview()
  expect((await send('/ops/payments', { as: 'sk_test_paysaga' })).status).toBe(401)
  const body = { truth: { is: 'captured', amountMinor: 1_200 }, evidence }
  expect((await send(`/ops/payments/${orderId}/resolve`, { body, as: 'sk_ops_other' })).status).toBe(401)
  expect(await operations(orderId)).toEqual([])
})

test('a dry run shows what the gateway says and what would follow, and changes nothing', async () => {
  const order = await inReview()
  const { orderId, paymentId } = order
  const fact = { type: 'Captured', paymentId, amountMinor: 1_200n, currency: 'EUR' } as const
  atGateway = async () => ({ paymentId, orderId, status: 'succeeded', fact, refunds: [] })
  const before = await order.payment()
  expect(await resolve(orderId, { dryRun: true })).toMatchObject({
    status: 200,
    json: {
      dryRun: true,
      gateway: { is: 'found', paymentId, status: 'succeeded', facts: [{ type: 'Captured', amountMinor: 1_200 }] },
      said: [],
      payment: { condition: 'review' },
    },
  })
  const truth = { is: 'captured', amountMinor: 1_200 }
  const would = await resolve(orderId, { dryRun: true, truth })
  expect(would.json.said).toEqual(['PaymentCaptured', 'PaymentReviewResolved'])
  atGateway = () => Promise.reject(new Error('the connection was closed'))
  expect((await resolve(orderId, { dryRun: true, truth })).json.gateway).toEqual({
    is: 'unavailable',
    because: 'the connection was closed',
  })
  expect(await order.payment()).toEqual(before)
  expect(await operations(orderId)).toEqual([])
})

test('what an operator says is decided and noted, with the name and the evidence', async () => {
  const order = await inReview()
  atGateway = () => Promise.resolve(undefined)
  const resolved = await resolve(order.orderId, { truth: { is: 'captured', amountMinor: 1_200 }, evidence })
  expect(resolved).toMatchObject({
    status: 200,
    json: { gateway: { is: 'notFound' }, payment: { status: 'captured', condition: 'ok', capturedMinor: 1_200 } },
  })
  expect((await order.events()).slice(-2)).toEqual(['PaymentCaptured', 'PaymentReviewResolved'])
  const [noted, ...more] = await operations(order.orderId)
  expect(more).toEqual([])
  expect(noted).toMatchObject({ kind: 'resolve', by: 'ada', reason: evidence })
  expect(JSON.parse(noted?.filter ?? '')).toMatchObject({ type: 'Captured', amountMinor: 1_200 })
  const again = await resolve(order.orderId, { truth: { is: 'captured', amountMinor: 1_200 }, evidence })
  expect(again).toMatchObject({ status: 409, json: { code: 'not_in_review' } })
  expect(await operations(order.orderId)).toHaveLength(1)
})

test('a word while the call is still outstanding takes its place', async () => {
  const order = await unknown()
  expect(await order.calls()).toEqual(['Capture'])
  const said = await resolve(order.orderId, { truth: { is: 'refused', code: 'expired_card' }, evidence })
  expect(said.json.said).toEqual(['PaymentCaptureFailed', 'PaymentReviewResolved'])
  expect(await order.calls()).toEqual(['Void'])
})

test('a word that it did not happen waits until nobody is calling', async () => {
  const order = await unknown()
  await sql`update effect set leased_until = now() + interval '1 minute' where key = ${order.orderId}`.execute(db)
  const refused = { truth: { is: 'refused', code: 'expired_card' }, evidence }
  expect(await resolve(order.orderId, refused)).toMatchObject({ status: 409, json: { code: 'call_under_way' } })
  expect(await order.calls()).toEqual(['Capture'])
  expect(await operations(order.orderId)).toEqual([])
  // That it did happen is right whoever is calling.
  const captured = { truth: { is: 'captured', amountMinor: 1_200 }, evidence }
  expect((await resolve(order.orderId, captured)).status).toBe(200)
})

test('an intent that the operator names is not that of another order', async () => {
  const order = await payingOrder(db, ['OrderPlaced', { type: 'OutcomeUnknown', operation: 'authorise' }])
  const truth = { is: 'held', paymentId: 'pi_of_another', expiresAt }
  const found = {
    paymentId: 'pi_of_another',
    orderId: randomUUIDv7(),
    status: 'succeeded',
    fact: undefined,
    refunds: [],
  }
  atGateway = () => Promise.resolve(found)
  const said = await resolve(order.orderId, { truth, evidence })
  expect(said).toMatchObject({ status: 422, json: { code: 'of_another_order' } })
  atGateway = () => Promise.reject(new Error('the connection was closed'))
  const unasked = await resolve(order.orderId, { truth, evidence })
  expect(unasked).toMatchObject({ status: 503, json: { code: 'intent_not_looked_up' } })
  atGateway = () => Promise.resolve(undefined)
  expect(await order.payment()).toMatchObject({ position: { at: 'none' } })
})

test('still held means: try again', async () => {
  const order = await inReview()
  expect((await resolve(order.orderId, { truth: { is: 'held' }, evidence })).status).toBe(200)
  expect(await order.payment()).toMatchObject({ status: 'capturing', condition: 'ok' })
  expect(await order.calls()).toEqual(['Capture'])
})

test('gone, and a refund that was made or has failed, are said likewise', async () => {
  const gone = await inReview()
  await resolve(gone.orderId, { truth: { is: 'gone', because: 'expired' }, evidence })
  expect(await gone.payment()).toMatchObject({ status: 'expired' })
  const wish = { type: 'OrderRefundRequested', refundId: 'r1', amountMinor: 300n } as const
  const gaveUp = { type: 'GaveUp', operation: 'refund', refundId: 'r1', reason: 'no_answer' } as const
  for (const [is, status] of [
    ['refund_made', 'succeeded'],
    ['refund_failed', 'failed'],
  ] as const) {
    const order = await payingOrder(db, [...capturing, 'Captured'], `pi_${randomUUID()}`)
    const { orderId, merchantId } = await order.payment()
    await order.tell({ ...wish, orderId, merchantId })
    await order.tell(gaveUp)
    const truth = is === 'refund_made' ? { is, refundId: 'r1', amountMinor: 300 } : { is, refundId: 'r1', code: 'lost' }
    expect((await resolve(orderId, { truth, evidence })).status).toBe(200)
    expect(await order.payment()).toMatchObject({ condition: 'ok', refunds: [{ status }] })
  }
})

test('of a hold whose intent nobody knows, the operator says which it is', async () => {
  const order = await payingOrder(db, ['OrderPlaced', { type: 'OutcomeUnknown', operation: 'authorise' }])
  const held = await resolve(order.orderId, { truth: { is: 'held' }, evidence })
  expect(held).toMatchObject({ status: 400, json: { errors: [{ field: 'truth.paymentId' }] } })
  await resolve(order.orderId, { truth: { is: 'held', paymentId: 'pi_77', expiresAt }, evidence })
  expect(await order.payment()).toMatchObject({ status: 'authorised', position: { paymentId: 'pi_77' } })
})

test('what cannot be true, answers nothing or is about nobody is refused, and nothing is noted', async () => {
  const order = await inReview()
  const say = async (truth: object, orderId = order.orderId) => {
    const { status, json } = await resolve(orderId, { truth, evidence })
    return [status, json.code]
  }
  expect(await say({ is: 'captured', amountMinor: 1_201 })).toEqual([422, 'more_than_authorised'])
  expect(await say({ is: 'refund_made', refundId: 'r1', amountMinor: 1 })).toEqual([409, 'does_not_resolve'])
  expect(await say({ is: 'gone', because: 'cancelled', paymentId: 'pi_2' })).toEqual([409, 'does_not_resolve'])
  expect(await say({ is: 'held' }, randomUUIDv7())).toEqual([404, 'no_such_payment'])
  expect(await say({ is: 'held' }, (await payingOrder(db, capturing)).orderId)).toEqual([409, 'not_in_review'])
  expect((await resolve(order.orderId, { truth: { is: 'held' } })).status).toBe(400)
  expect((await resolve(order.orderId, { evidence })).status).toBe(400)
  expect(await operations(order.orderId)).toEqual([])
  expect(await order.payment()).toMatchObject({ condition: 'review' })
})

test('payments in doubt and events that wait are counted at each scrape', async () => {
  const metrics = createMetrics(log)
  paymentMetrics(metrics, db)
  const count = async (name: string, labels: Record<string, string> = {}) =>
    sumOf(parseExposition(await metrics.exposition()), `paysaga_${name}`, labels)
  const [reviews, unknowns, events] = [
    await count('payments_waiting', { condition: 'review' }),
    await count('payments_waiting', { condition: 'unknown' }),
    await count('gateway_events_due'),
  ]
  await inReview()
  await unknown()
  const about = { type: 'payment_intent.succeeded', objectId: null, paymentId: 'pi_1', isAboutRefunds: false }
  await keepEvent(db, { id: 'evt_1', createdAt: new Date(), is: 'payment', ...about })
  // It looks once a second at most.
  await expect.poll(() => count('payments_waiting', { condition: 'review' }), within).toBe(Number(reviews) + 1)
  expect(await count('payments_waiting', { condition: 'unknown' })).toBe(Number(unknowns) + 1)
  expect(await count('gateway_events_due')).toBe(Number(events) + 1)
  expect(await count('scrape_failures_total')).toBe(0)
})
