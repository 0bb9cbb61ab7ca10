import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Fault } from '../../../apps/simulators/gateway/faults/faults.ts'
import { receiveWebhooks } from '../../support/gateway/webhook-receiver.ts'
import { limitMs } from '../../support/limits.ts'
import { payment, startSimulator } from './in-process.ts'

const secret = 'whsec_test'
const within = { timeout: limitMs(8_000), interval: 10 }
let receiver: Awaited<ReturnType<typeof receiveWebhooks>>
let simulator: Awaited<ReturnType<typeof startSimulator>>

const start = (more: object = {}) => startSimulator({ webhooks: { endpoint: { url: receiver.url, secret }, ...more } })
const restart = async (more: object) => {
  await simulator[Symbol.asyncDispose]()
  simulator = await start(more)
}
beforeEach(async () => {
  receiver = await receiveWebhooks(secret)
  simulator = await start()
})
afterEach(async () => {
  await simulator[Symbol.asyncDispose]()
  await receiver[Symbol.asyncDispose]()
})

const allDelivered = () => vi.waitFor(() => expect(simulator.webhooks.counts.waiting).toBe(0), within)
const types = () => receiver.received.map(({ event }) => event.type)
/** Strikes `payment_intent.succeeded` of a capture with that, and gives what came of it. */
async function capturedWith(webhook: Extract<Fault['do'], { webhook: unknown }>['webhook']) {
  simulator.misbehave({ match: { operation: 'capture', event: 'payment_intent.succeeded' }, do: { webhook } })
  const { id } = await simulator.stripe.paymentIntents.create(payment('o1'))
  await simulator.stripe.paymentIntents.capture(id)
  const seenAtAnswer = types().includes('payment_intent.succeeded')
  await allDelivered()
  return { seenAtAnswer, of: receiver.received.filter(({ event }) => event.type === 'payment_intent.succeeded') }
}

test('tells of every change, signed so that the SDK believes it', async () => {
  const { stripe } = simulator
  const { id } = await stripe.paymentIntents.create(payment('o1'))
  await stripe.paymentIntents.capture(id)
  await stripe.refunds.create({ payment_intent: id, amount: 200 })
  await stripe.paymentIntents.create(payment('o2', { payment_method: 'pm_card_chargeDeclined' })).catch(() => undefined)
  const { id: asked } = await stripe.paymentIntents.create(
    payment('o3', { payment_method: 'pm_card_authenticationRequired' }),
  )
  await stripe.paymentIntents.cancel(asked)
  await allDelivered()
  expect(types().toSorted()).toEqual([
    'charge.refunded',
    'payment_intent.amount_capturable_updated',
    'payment_intent.canceled',
    'payment_intent.created',
    'payment_intent.created',
    'payment_intent.created',
    'payment_intent.payment_failed',
    'payment_intent.requires_action',
    'payment_intent.succeeded',
    'refund.created',
  ])
  expect(receiver.received.filter(({ genuine }) => !genuine)).toEqual([])
  const { event } = receiver.received.find((each) => each.event.type === 'charge.refunded') ?? {}
  expect(event).toMatchObject({
    object: 'event',
    livemode: false,
    pending_webhooks: 1,
    data: { object: { object: 'charge', payment_intent: id, amount_refunded: 200 } },
  })
  expect(await stripe.events.retrieve(event?.id ?? '')).toMatchObject({ pending_webhooks: 0, data: event?.data ?? {} })
})

test('comes again until it is taken, each time signed anew, and is the same event', async () => {
  receiver.answer = () => (receiver.received.length < 4 ? 503 : 200)
  await restart({ types: ['payment_intent.created'] })
  await simulator.stripe.paymentIntents.create(payment('o1'))
  await allDelivered()
  expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1)
  expect(receiver.received.map(({ genuine }) => genuine)).toEqual([true, true, true, true])
  expect(simulator.webhooks.counts).toEqual({ delivered: 1, waiting: 0, failed: 0 })
})

test.each([204, 302, 400])('a %i is what it is: only 2xx is a yes', async (status) => {
  receiver.answer = () => (receiver.received.length === 1 ? status : 200)
  await restart({ types: ['payment_intent.created'] })
  await simulator.stripe.paymentIntents.create(payment('o1'))
  await allDelivered()
  expect(receiver.received).toHaveLength(status === 204 ? 1 : 2)
})

test('says how delivery stands', async () => {
  receiver.answer = () => 404
  await simulator.stripe.paymentIntents.create(payment('o1', { confirm: false }))
  const standing = async () => (await fetch(`${simulator.url}/simulator/webhooks`)).json()
  const undelivered = [{ type: 'payment_intent.created', said: '404' }]
  await vi.waitFor(async () => expect(await standing()).toMatchObject({ waiting: 1, undelivered }), within)
  const listed = await simulator.stripe.events.list({ delivery_success: false })
  expect(listed.data).toMatchObject([{ type: 'payment_intent.created', pending_webhooks: 1 }])
})

test('leaves a receiver that is not there nearly alone, and catches up when it is', async () => {
  receiver.answer = () => 404
  await restart({ types: ['payment_intent.created'], retryMs: 100 })
  for (let order = 0; order < 20; order += 1) await simulator.stripe.paymentIntents.create(payment(`o${order}`))
  await vi.waitFor(() => expect(receiver.received.length).toBeGreaterThanOrEqual(12), within)
  const [before, startedAt] = [receiver.received.length, performance.now()]
  await vi.waitFor(() => expect(performance.now() - startedAt).toBeGreaterThan(500), within)
  expect(receiver.received.length - before).toBeLessThan(12)
  receiver.answer = () => 200
  await allDelivered()
  expect(simulator.webhooks.counts.delivered).toBe(20)
})

describe('asked to misbehave', () => {
  test('delivers copies', async () => {
    const { of } = await capturedWith({ copies: 2 })
    expect(of.map(({ genuine }) => genuine)).toEqual([true, true, true])
    expect(new Set(of.map(({ event }) => event.id)).size).toBe(1)
  })

  test('delivers before the answer', async () => {
    expect(await capturedWith({ beforeAnswer: true })).toMatchObject({ seenAtAnswer: true, of: [{ genuine: true }] })
  })

  test('delivers late, freshly signed', async () => {
    const startedAt = performance.now()
    const { seenAtAnswer, of } = await capturedWith({ delayMs: 400 })
    expect([seenAtAnswer, performance.now() - startedAt > 400]).toEqual([false, true])
    expect(of).toMatchObject([{ genuine: true }])
  })

  test('delivers behind the next event of the intent', async () => {
    simulator.misbehave({
      match: { event: 'payment_intent.amount_capturable_updated' },
      do: { webhook: { afterNext: true } },
    })
    const { id } = await simulator.stripe.paymentIntents.create(payment('o1'))
    await simulator.stripe.paymentIntents.create(payment('o2'))
    await simulator.stripe.paymentIntents.capture(id)
    await vi.waitFor(() => expect(receiver.typesOf(id)).toHaveLength(3), within)
    expect(receiver.typesOf(id).slice(-2)).toEqual([
      'payment_intent.succeeded',
      'payment_intent.amount_capturable_updated',
    ])
  })

  test.each([
    ['forged', { forged: true }],
    ['stale', { staleMs: 3 * 24 * 60 * 60 * 1000 }],
  ] as const)('delivers a %s one, and the genuine one once that is refused', async (_name, webhook) => {
    receiver.answer = ({ genuine }) => (genuine ? 200 : 400)
    const { of } = await capturedWith(webhook)
    expect(of.map(({ genuine }) => genuine)).toEqual([false, true])
    expect(simulator.faults.list()).toMatchObject([{ struck: 1 }])
  })

  test('tells a wrong amount under the right signature', async () => {
    const { of } = await capturedWith({ amountOffBy: 100 })
    expect(of).toMatchObject([{ genuine: true, event: { data: { object: { amount: 1300, amount_received: 1300 } } } }])
  })

  test('loses one, which is never delivered but stands in the list', async () => {
    const { of } = await capturedWith({ lost: true })
    expect([of, simulator.webhooks.counts.failed]).toEqual([[], 1])
    const { data } = await simulator.stripe.events.list({ type: 'payment_intent.succeeded' })
    expect(data).toMatchObject([{ pending_webhooks: 0 }])
  })
})

test('without an endpoint nothing waits to be delivered', async () => {
  await restart({ endpoint: undefined })
  await simulator.stripe.paymentIntents.create(payment('o1'))
  expect(simulator.webhooks.counts).toEqual({ delivered: 0, waiting: 0, failed: 0 })
  expect((await simulator.stripe.events.list()).data).toMatchObject([{ pending_webhooks: 0 }, { pending_webhooks: 0 }])
})
