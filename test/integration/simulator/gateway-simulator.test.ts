import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type Simulator, startSimulator } from '../../support/gateway/simulator.ts'
import { limitMs } from '../../support/limits.ts'

let simulator: Simulator
let stripe: Stripe

beforeAll(async () => {
  simulator = await startSimulator({ GATEWAY_REFUND_SETTLE_MS: '1500' })
  stripe = client(simulator.apiKey)
})
afterAll(() => simulator[Symbol.asyncDispose]())

const client = (key: string) =>
  new Stripe(key, { host: '127.0.0.1', port: simulator.port, protocol: 'http', maxNetworkRetries: 0, telemetry: false })

const hold = (orderId: string, more: Partial<Stripe.PaymentIntentCreateParams> = {}) => ({
  amount: 1200,
  currency: 'eur',
  capture_method: 'manual' as const,
  payment_method: 'pm_card_visa',
  payment_method_types: ['card'],
  metadata: { orderId },
  ...more,
})

async function chargesOf(orderId: string): Promise<unknown> {
  const response = await fetch(`${simulator.url}/simulator/charges?orderId=${orderId}`)
  return z.object({ orders: z.array(z.unknown()) }).parse(await response.json()).orders[0]
}

const failure = (call: Promise<unknown>): Promise<Stripe.errors.StripeError> =>
  call.then(
    () => {
      throw new Error('It was not refused')
    },
    (error) => error,
  )

test('holds, takes and gives back money as an adapter asks for it', async () => {
  const created = await stripe.paymentIntents.create(hold('o-way'))
  expect(created).toMatchObject({ object: 'payment_intent', status: 'requires_confirmation', latest_charge: null })

  const held = await stripe.paymentIntents.confirm(created.id, { expand: ['latest_charge'] })
  expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 1200, amount_received: 0 })
  const { payment_method_details } = typeof held.latest_charge === 'string' ? {} : (held.latest_charge ?? {})
  expect(payment_method_details?.card?.capture_before).toBeCloseTo(Date.now() / 1000 + 7 * 24 * 3600, -2)

  const taken = await stripe.paymentIntents.capture(created.id, { amount_to_capture: 1000 })
  expect(taken).toMatchObject({ status: 'succeeded', amount_capturable: 0, amount_received: 1000 })

  const refund = await stripe.refunds.create({
    payment_intent: created.id,
    amount: 300,
    metadata: { refundId: 'r1' },
  })
  expect(refund).toMatchObject({ object: 'refund', status: 'succeeded', amount: 300, metadata: { refundId: 'r1' } })
  expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ id: refund.id, payment_intent: created.id })
  expect((await stripe.refunds.list({ payment_intent: created.id })).data).toMatchObject([{ id: refund.id }])
  expect(await stripe.paymentIntents.retrieve(created.id)).toMatchObject({ status: 'succeeded', amount_received: 1000 })
  expect(await chargesOf('o-way')).toMatchObject({
    orderId: 'o-way',
    authorised: { count: 1, amountMinor: 1200 },
    captured: { count: 1, amountMinor: 1000 },
    refunded: { count: 1, amountMinor: 300 },
    netMinor: 700,
  })
})

test('lets a hold go', async () => {
  const { id } = await stripe.paymentIntents.create(hold('o-void', { confirm: true }))
  const canceled = await stripe.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' })
  expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned', amount_capturable: 0 })
  expect(await failure(stripe.paymentIntents.capture(id))).toMatchObject({
    type: 'StripeInvalidRequestError',
    statusCode: 400,
    code: 'payment_intent_unexpected_state',
    raw: { payment_intent: { id, status: 'canceled' } },
  })
})

test('says why a card was declined, and keeps the intent', async () => {
  const { id } = await stripe.paymentIntents.create(hold('o-poor'))
  const declined = await failure(
    stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_chargeDeclinedInsufficientFunds' }),
  )
  expect(declined).toBeInstanceOf(Stripe.errors.StripeCardError)
  expect(declined).toMatchObject({
    statusCode: 402,
    code: 'card_declined',
    decline_code: 'insufficient_funds',
    payment_intent: { id, status: 'requires_payment_method' },
    requestId: expect.stringMatching(/^req_/),
  })
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({ last_payment_error: { code: 'card_declined' } })
})

test('asks for authentication', async () => {
  const intent = await stripe.paymentIntents.create(
    hold('o-3ds', { payment_method: 'pm_card_authenticationRequired', confirm: true }),
  )
  expect(intent).toMatchObject({ status: 'requires_action', next_action: { type: 'use_stripe_sdk' } })
})

test.each([
  ['an unknown card', { payment_method: 'pm_card_unheard' }, 'resource_missing', 'payment_method'],
  ['a currency in capitals', { currency: 'EUR' }, 'parameter_invalid', 'currency'],
  ['an amount of nothing', { amount: 0 }, 'parameter_invalid_integer', 'amount'],
])('refuses %s', async (...[, wrong, code, param]) => {
  expect(await failure(stripe.paymentIntents.create(hold('o-wrong', wrong)))).toMatchObject({
    type: 'StripeInvalidRequestError',
    statusCode: 400,
    code,
    param,
  })
})

test('refuses who has no key, and what is not there', async () => {
  expect(await failure(client('sk_test_other').paymentIntents.create(hold('o-none')))).toMatchObject({
    type: 'StripeAuthenticationError',
    statusCode: 401,
  })
  expect(await failure(stripe.paymentIntents.retrieve('pi_none'))).toMatchObject({
    statusCode: 404,
    code: 'resource_missing',
    param: 'intent',
  })
  expect(await chargesOf('o-none')).toBeUndefined()
})

test('answers a repeated key as the first time and does nothing again', async () => {
  const first = await stripe.paymentIntents.create(hold('o-twice', { confirm: true }), { idempotencyKey: 'twice' })
  const second = await stripe.paymentIntents.create(hold('o-twice', { confirm: true }), { idempotencyKey: 'twice' })
  expect({ ...second }).toEqual({ ...first })
  expect(second.lastResponse.headers['idempotent-replayed']).toBe('true')
  expect(await chargesOf('o-twice')).toMatchObject({ authorised: { count: 1 } })
  const other = stripe.paymentIntents.create(hold('o-twice', { amount: 9 }), { idempotencyKey: 'twice' })
  expect(await failure(other)).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 })
})

test('charges once when one key comes many times at once', async () => {
  const { id } = await stripe.paymentIntents.create(hold('o-storm'))
  const answers = await Promise.allSettled(
    Array.from({ length: 20 }, () => stripe.paymentIntents.confirm(id, {}, { idempotencyKey: 'storm' })),
  )
  const codes = answers.map((answer) => (answer.status === 'fulfilled' ? 'done' : answer.reason.code))
  expect(codes).toContain('done')
  expect(codes.filter((code) => code !== 'done' && code !== 'idempotency_key_in_use')).toEqual([])
  expect(await chargesOf('o-storm')).toMatchObject({ authorised: { count: 1 } })
})

test('does not keep under a key what was refused before anything was done', async () => {
  const wrong = stripe.paymentIntents.create(hold('o-first', { amount: 0 }), { idempotencyKey: 'first' })
  expect(await failure(wrong)).toMatchObject({ statusCode: 400 })
  const right = await stripe.paymentIntents.create(hold('o-first'), { idempotencyKey: 'first' })
  expect(right.status).toBe('requires_confirmation')
})

test('knows after SIGKILL every charge and every answer that it gave', async () => {
  const orders = Array.from({ length: 40 }, (_, index) => `o-kill-${index}`)
  const charge = (orderId: string) =>
    stripe.paymentIntents.create(hold(orderId, { confirm: true }), { idempotencyKey: `${orderId}/authorise` })
  const decline = () =>
    stripe.paymentIntents.create(hold('o-kill', { confirm: true, payment_method: 'pm_card_chargeDeclined' }), {
      idempotencyKey: 'o-kill/authorise',
    })
  const refused = await failure(decline())
  const answered = new Map<string, string>()
  const running = orders.map((orderId) =>
    charge(orderId)
      .then(({ id }) => answered.set(orderId, id))
      .catch(() => {}),
  )
  await vi.waitUntil(() => answered.size > 0, { timeout: limitMs(10_000), interval: 1 })
  await simulator.stop('SIGKILL')
  await Promise.all(running)
  const sure = new Map(answered)
  await simulator.start()

  for (const [orderId, id] of sure) {
    const again = await charge(orderId)
    expect([again.id, again.lastResponse.headers['idempotent-replayed']]).toEqual([id, 'true'])
  }
  // The others are charged already or not at all: the same key makes it once.
  for (const orderId of orders) {
    await charge(orderId)
    expect(await chargesOf(orderId)).toMatchObject({ authorised: { count: 1, amountMinor: 1200 } })
  }
  const again = await failure(decline())
  expect(again).toMatchObject({ statusCode: 402, headers: { 'idempotent-replayed': 'true' } })
  expect(again.raw).toMatchObject({ payment_intent: { id: refused.payment_intent?.id } })
})

test('knows after SIGKILL what is still to happen by itself, and what has happened', async () => {
  const paid = await stripe.paymentIntents.create(
    hold('o-later', { confirm: true, capture_method: 'automatic', payment_method: 'pm_card_refundFail' }),
  )
  const { id } = await stripe.refunds.create({ payment_intent: paid.id })
  const before = (await stripe.events.list({ limit: 100 })).data
  await simulator.stop('SIGKILL')
  await simulator.start()
  const status = async () => (await stripe.refunds.retrieve(id)).status
  await vi.waitUntil(async () => (await status()) === 'failed', { timeout: limitMs(10_000), interval: 50 })
  expect(await chargesOf('o-later')).toMatchObject({ refunded: { count: 0 }, netMinor: 1200 })
  const after = (await stripe.events.list({ limit: 100 })).data
  expect(after.slice(0, 2).map(({ type }) => type)).toEqual(['refund.failed', 'refund.updated'])
  expect(after.slice(2)).toEqual(before.slice(0, 98))
})

test('adds up by currency and state', async () => {
  const { id } = await stripe.paymentIntents.create(hold('o-yen', { currency: 'jpy', amount: 500, confirm: true }))
  await stripe.paymentIntents.capture(id)
  const response = await fetch(`${simulator.url}/simulator/summary`)
  expect(await response.json()).toMatchObject({
    currencies: { jpy: { intents: { succeeded: { count: 1, amountMinor: 500 } }, capturedMinor: 500, netMinor: 500 } },
  })
})
