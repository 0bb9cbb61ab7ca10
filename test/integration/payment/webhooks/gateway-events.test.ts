import { randomUUID, randomUUIDv7 } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { NotPerformed } from '#messaging'
import { createLogger, createMetrics } from '#runtime'
import type { Found } from '../../../../apps/payment/gateway/look-ups.ts'
import { stripeGateway } from '../../../../apps/payment/gateway/stripe/stripe-gateway.ts'
import { stripeLookUps } from '../../../../apps/payment/gateway/stripe/stripe-look-ups.ts'
import type { LearningOptions } from '../../../../apps/payment/learn.ts'
import type { PaymentDatabase } from '../../../../apps/payment/tables.ts'
import { gatewayEventRunner, handleEventsOnce } from '../../../../apps/payment/webhooks/gateway-events.ts'
import { keepEvent, settleEvents, takeEvents } from '../../../../apps/payment/webhooks/gateway-events-store.ts'
import { type Simulator, startSimulator } from '../../../support/gateway/simulator.ts'
import { limitMs } from '../../../support/limits.ts'
import { effectCall } from '../../../support/payment/effect-call.ts'
import { merchantId, type PayingOrder, payingOrder, uncalled } from '../../../support/payment/paying-order.ts'
import { freshDatabase, type TestDatabase } from '../../../support/system/database.ts'

const log = createLogger({ service: 'test', level: 'silent' })
let database: TestDatabase
let db: Kysely<PaymentDatabase>
/** What the gateway knows, by intent; a function is asked at each look-up. */
let intents: Map<string, Found | (() => Promise<Found | undefined>)>
let lookedUp: string[]
let options: LearningOptions

beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  db = database.open<PaymentDatabase>('payment_service')
})
beforeEach(async () => {
  await sql`update gateway_event set handled_at = now(), outcome = 'other', next_attempt_at = null
            where handled_at is null`.execute(db)
  intents = new Map()
  lookedUp = []
  const lookUp = async (paymentId: string): Promise<Found | undefined> => {
    lookedUp.push(paymentId)
    const known = intents.get(paymentId)
    return typeof known === 'function' ? await known() : known
  }
  const lookUps = { lookUp, search: () => Promise.resolve(undefined) }
  options = { db, participant: uncalled, lookUps, log, metrics: createMetrics(log), lookUpMs: 1_000 }
})
afterAll(() => database[Symbol.asyncDispose]())

const eur = { amountMinor: 1_200n, currency: 'EUR' } as const
const captured = ({ orderId, paymentId }: PayingOrder, more: Partial<Found> = {}): Found => {
  const fact = { type: 'Captured', paymentId, ...eur } as const
  return { paymentId, orderId, status: 'succeeded', fact, refunds: [], ...more }
}
const newIntent = (): string => `pi_${randomUUID()}`

/** As if the gateway had told of it a while ago. @returns the event's id */
async function told(paymentId: string, isAboutRefunds = false): Promise<string> {
  const id = `evt_${randomUUID()}`
  const about = { type: 'payment_intent.succeeded', objectId: paymentId, paymentId, isAboutRefunds }
  await keepEvent(db, { id, createdAt: new Date(), is: 'payment', ...about })
  await sql`update gateway_event set next_attempt_at = now(), received_at = now() where id = ${id}`.execute(db)
  return id
}
/** What is not handled is due then. `waits` is told from this moment, however late the row is looked at. */
const due = async (hours = 0): Promise<void> =>
  void (await sql`update gateway_event set next_attempt_at = now() + ${hours} * interval '1 hour', received_at = now()
    where handled_at is null`.execute(db))
async function rowOf(id: string) {
  const { rows } = await sql<{ outcome: string | null; attempts: number; last_error: string | null; waits: boolean }>`
    select outcome, attempts, last_error, next_attempt_at > received_at as waits from gateway_event where id = ${id}`.execute(
    db,
  )
  return rows[0]
}

describe('an event of the gateway', () => {
  test('is a hint: what is looked up is decided, and settles the call whose outcome is unknown', async () => {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed'], newIntent())
    await order.tell({ type: 'OutcomeUnknown', operation: 'capture' })
    expect(await order.calls()).toEqual(['Capture'])
    intents.set(order.paymentId, captured(order))
    const id = await told(order.paymentId)
    expect(await handleEventsOnce(options)).toBe(1)
    expect(await order.payment()).toMatchObject({ status: 'captured', condition: 'ok', operation: null })
    expect(await order.events()).toEqual(['PaymentAuthorized', 'PaymentOutcomeUnknown', 'PaymentCaptured'])
    expect(await order.calls()).toEqual([])
    expect(await rowOf(id)).toMatchObject({ outcome: 'applied', attempts: 1, waits: null })
  })

  test('makes room in the lane for the call that follows from it', async () => {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed', 'OrderCancelled'], newIntent())
    intents.set(order.paymentId, captured(order))
    await told(order.paymentId)
    await handleEventsOnce(options)
    expect(await order.payment()).toMatchObject({ status: 'captured', operation: { does: 'refund' } })
    expect(await order.calls()).toEqual(['Refund'])
  })

  test('changes nothing when it comes again, or days late', async () => {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured'], newIntent())
    const before = [await order.payment(), await order.events()]
    intents.set(order.paymentId, captured(order))
    const ids = [await told(order.paymentId), await told(order.paymentId)]
    await handleEventsOnce(options)
    const held = { type: 'Held', paymentId: order.paymentId, ...eur, expiresAt: '2036-01-01T00:00:00.000Z' } as const
    intents.set(order.paymentId, captured(order, { fact: held }))
    ids.push(await told(order.paymentId))
    await handleEventsOnce(options)
    expect([await order.payment(), await order.events()]).toEqual(before)
    for (const id of ids) expect(await rowOf(id)).toMatchObject({ outcome: 'known' })
    expect(lookedUp).toHaveLength(2)
  })

  test('tells of a refund that somebody else made, and later of its failure', async () => {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured'], newIntent())
    const refund = { type: 'RefundSucceeded', refundId: 're_1', amountMinor: 200n } as const
    intents.set(order.paymentId, captured(order, { refunds: [refund] }))
    await told(order.paymentId, true)
    await handleEventsOnce(options)
    expect(await order.payment()).toMatchObject({ status: 'partially_refunded', refunds: [{ cause: 'external' }] })
    const failed = { type: 'RefundFailed', refundId: 're_1', code: 'lost_or_stolen_card' } as const
    intents.set(order.paymentId, captured(order, { refunds: [failed] }))
    await told(order.paymentId, true)
    await handleEventsOnce(options)
    expect(await order.payment()).toMatchObject({ status: 'captured', refunds: [{ status: 'reversed' }] })
  })

  test('of another amount or currency is booked by nobody and put before a person', async () => {
    for (const other of [{ amountMinor: 900n }, { currency: 'USD' }]) {
      const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed'], newIntent())
      const fact = { type: 'Captured', paymentId: order.paymentId, ...eur, ...other } as const
      intents.set(order.paymentId, captured(order, { fact }))
      await told(order.paymentId)
      await handleEventsOnce(options)
      expect(await order.payment()).toMatchObject({ condition: 'review', review: { reason: 'amount_differs' } })
      expect((await order.events()).at(-1)).toBe('PaymentReviewRequired')
      expect(await order.calls()).toEqual([])
    }
  })

  test('of an intent that is not the payment’s is an alarm, with refunds that are not counted', async () => {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured'], newIntent())
    const before = await order.payment()
    const other = newIntent()
    const refunds = [{ type: 'RefundSucceeded', refundId: 're_9', amountMinor: 100n }] as const
    intents.set(other, captured({ ...order, paymentId: other }, { refunds }))
    const id = await told(other)
    await handleEventsOnce(options)
    expect(await rowOf(id)).toMatchObject({ outcome: 'alarm' })
    expect(await order.payment()).toEqual(before)
  })

  test('of an order that nobody knows, or of none, is kept and marked so', async () => {
    for (const orderId of [randomUUIDv7(), 'order 7 of our old shop', undefined]) {
      const paymentId = newIntent()
      intents.set(paymentId, { ...captured(await payingOrder(db, ['OrderPlaced'])), paymentId, orderId })
      const id = await told(paymentId)
      await handleEventsOnce(options)
      expect(await rowOf(id)).toMatchObject({ outcome: 'unknown_order' })
    }
  })

  test('of something that is not decided yet leaves the call to itself', async () => {
    const order = await payingOrder(db, ['OrderPlaced'], newIntent())
    intents.set(order.paymentId, captured(order, { status: 'processing', fact: undefined }))
    const id = await told(order.paymentId)
    await handleEventsOnce(options)
    expect(await rowOf(id)).toMatchObject({ outcome: 'undecided' })
    expect(await order.calls()).toEqual(['Authorise'])
  })
})

describe('when it cannot be handled', () => {
  test('a look-up that fails is tried again later, and nothing is decided meanwhile', async () => {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed'], newIntent())
    let failure: Error | undefined = new NotPerformed('too many at once')
    intents.set(order.paymentId, () => (failure ? Promise.reject(failure) : Promise.resolve(captured(order))))
    const id = await told(order.paymentId)
    await handleEventsOnce(options)
    expect(await rowOf(id)).toMatchObject({ outcome: null, attempts: 1, last_error: 'too many at once', waits: true })
    failure = new Error('the connection was closed')
    await due()
    await handleEventsOnce(options)
    expect(await rowOf(id)).toMatchObject({ outcome: null, attempts: 2, waits: true })
    await due(1)
    expect(await handleEventsOnce(options)).toBe(0)
    expect(await order.payment()).toMatchObject({ status: 'capturing' })
    failure = undefined
    await due()
    await handleEventsOnce(options)
    expect(await rowOf(id)).toMatchObject({ outcome: 'applied', attempts: 3 })
  })

  test('an intent that is not found is looked for again, for not found is no proof, and in the end is kept as failed', async () => {
    const id = await told(newIntent())
    for (let attempt = 1; attempt < 8; attempt += 1) {
      expect(await handleEventsOnce(options)).toBe(1)
      expect(await rowOf(id)).toMatchObject({ outcome: null, attempts: attempt })
      await due()
    }
    await handleEventsOnce(options)
    expect(await rowOf(id)).toMatchObject({ outcome: 'failed', last_error: 'no such payment intent' })
  })

  test('one whose decision fails is kept with its error, and tried again when it is sent again', async () => {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed'], newIntent())
    intents.set(order.paymentId, captured(order))
    const decide = () => {
      throw new TypeError('a bug of ours')
    }
    const id = await told(order.paymentId)
    await handleEventsOnce({ ...options, participant: { ...uncalled, decide } })
    expect(await rowOf(id)).toMatchObject({ outcome: 'failed', last_error: 'a bug of ours', waits: null })
    expect(await order.calls()).toEqual(['Capture'])
    const about = { type: 'payment_intent.succeeded', objectId: null, isAboutRefunds: false, createdAt: new Date() }
    const again = { id, paymentId: order.paymentId, is: 'payment', ...about } as const
    expect(await keepEvent(db, again)).toBe('again')
    await handleEventsOnce(options)
    expect(await rowOf(id)).toMatchObject({ outcome: 'applied' })
    expect(await keepEvent(db, again)).toBe('repeat')
  })

  test('one that fails keeps no other from being handled', async () => {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed'], newIntent())
    intents.set(order.paymentId, captured(order))
    const lost = newIntent()
    intents.set(lost, () => Promise.reject(new Error('the connection was closed')))
    await Promise.all([told(lost), told(order.paymentId)])
    expect(await handleEventsOnce(options)).toBe(2)
    expect(await order.payment()).toMatchObject({ status: 'captured' })
  })
})

test('two replicas handle each once, and several events of one intent with one look-up', async () => {
  const orders: PayingOrder[] = []
  for (let at = 0; at < 20; at += 1) {
    const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed'], newIntent())
    intents.set(order.paymentId, captured(order))
    orders.push(order)
  }
  const other = database.open<PaymentDatabase>('payment_service', 4)
  const runners = [options, { ...options, db: other }].map(gatewayEventRunner)
  const ids = await Promise.all(orders.flatMap(({ paymentId }) => [told(paymentId), told(paymentId)]))
  for (const runner of runners) runner.start()
  const left = async () => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from gateway_event where handled_at is null`.execute(db)
    return rows[0]?.n
  }
  await vi.waitUntil(async () => (await left()) === 0, { timeout: limitMs(10_000), interval: 50 })
  await Promise.all(runners.map((runner) => runner.stop({ timeoutMs: limitMs(1_000) })))
  for (const id of ids) expect(await rowOf(id)).toMatchObject({ attempts: 1 })
  for (const order of orders) {
    expect((await order.events()).filter((type) => type === 'PaymentCaptured')).toHaveLength(1)
  }
  expect(lookedUp.length).toBeLessThanOrEqual(40)
})

test('what a killed replica had taken another handles when its time is over, and who comes late counts for nothing', async () => {
  const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed'], newIntent())
  intents.set(order.paymentId, captured(order))
  const id = await told(order.paymentId)
  const taken = await takeEvents(db, { limit: 1, forMs: 60_000 })
  expect(await handleEventsOnce(options)).toBe(0)
  await due()
  expect(await handleEventsOnce(options)).toBe(1)
  expect(await db.transaction().execute((trx) => settleEvents(trx, taken, { outcome: 'failed' }))).toBe(0)
  expect(await rowOf(id)).toMatchObject({ outcome: 'applied', attempts: 2 })
})

test('a runner handles what is kept while it runs', async () => {
  const order = await payingOrder(db, ['OrderPlaced', 'Held', 'OrderConfirmed'], newIntent())
  intents.set(order.paymentId, captured(order))
  const runner = gatewayEventRunner(options)
  runner.start()
  const id = await told(order.paymentId)
  runner.wake()
  await vi.waitUntil(async () => (await rowOf(id))?.outcome, { timeout: limitMs(5_000), interval: 20 })
  await runner.stop({ timeoutMs: limitMs(1_000) })
  expect(await order.payment()).toMatchObject({ status: 'captured' })
})

describe('with a gateway over HTTP', () => {
  let simulator: Simulator
  beforeAll(async () => {
    simulator = await startSimulator()
  })
  afterAll(() => simulator[Symbol.asyncDispose]())

  test('an authorisation whose answer was lost is learned from the event', async () => {
    const stripe = { url: simulator.url, apiKey: simulator.apiKey, requestTimeoutMs: 5_000 }
    const order = await payingOrder(db, ['OrderPlaced', { type: 'OutcomeUnknown', operation: 'authorise' }])
    const { orderId } = order
    const hold = { type: 'Authorise', orderId, merchantId, ...eur, paymentMethod: 'pm_card_visa' } as const
    const word = await stripeGateway(stripe).authorise(hold, effectCall({ idempotencyKey: `${orderId}/authorise` }))
    const paymentId = word.type === 'Held' ? word.paymentId : ''
    const id = await told(paymentId)
    await handleEventsOnce({ ...options, lookUps: stripeLookUps(stripe) })
    expect(await rowOf(id)).toMatchObject({ outcome: 'applied' })
    expect(await order.payment()).toMatchObject({ status: 'authorised', position: { paymentId } })
    expect(await order.calls()).toEqual([])
  })
})
