import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StripeRequests } from '../../../../apps/payment/gateway/stripe/stripe-requests.ts'
import { startStripeMock, stripeMock } from '../../../support/gateway/stripe-mock.ts'
import { effectCall } from '../../../support/payment/effect-call.ts'
import { payment, startSimulator } from '../../../unit/simulator/in-process.ts'

const binary = await stripeMock()
const order = { orderId: '01990000-0000-7000-8000-00000000000b', merchantId: '01990000-0000-7000-8000-00000000000a' }
const paymentId = 'pi_1'

/** Skipped, and counted so, where Go or the network is missing. */
describe.skipIf(binary === undefined)("Stripe's published API", () => {
  let mock: Awaited<ReturnType<typeof startStripeMock>>
  let stripe: Stripe
  let requests: StripeRequests

  beforeAll(async () => {
    mock = await startStripeMock(binary ?? '')
    const where = { host: '127.0.0.1', port: mock.port, protocol: 'http' } as const
    stripe = new Stripe('sk_test_123', { ...where, maxNetworkRetries: 0, telemetry: false })
    requests = new StripeRequests({ stripe, requestTimeoutMs: 5_000 }, effectCall({ idempotencyKey: 'key' }))
  })
  afterAll(() => mock[Symbol.asyncDispose]())

  test('refuses a parameter that it does not have, or the rest would prove nothing', async () => {
    const wrong = { amount: '1200', currency: 'eur', unheard_of: '1' }
    await expect(stripe.rawRequest('POST', '/v1/payment_intents', wrong)).rejects.toMatchObject({ statusCode: 400 })
  })

  test.each<[string, () => Promise<{ readonly is: string }>]>([
    [
      'create',
      () =>
        requests.create(
          { type: 'Authorise', ...order, currency: 'EUR', amountMinor: 1_200n, paymentMethod: 'pm_card_visa' },
          1_200,
        ),
    ],
    ['confirm', () => requests.confirm(paymentId)],
    ['abandon', () => requests.abandon(paymentId)],
    ['retrieve', () => requests.retrieve(paymentId)],
    ['capture', () => requests.capture(paymentId, 1_200)],
    ['void', () => requests.void(paymentId)],
    [
      'refund',
      () =>
        requests.refund({ type: 'Refund', ...order, paymentId, refundId: 'r1', currency: 'EUR', amountMinor: 5n }, 5),
    ],
    [
      'findRefund',
      () =>
        requests.findRefund({ type: 'Refund', ...order, paymentId, refundId: 'r1', currency: 'EUR', amountMinor: 5n }),
    ],
  ])('takes what the adapter sends to %s', async (_name, send) => {
    expect(await send()).toMatchObject({ is: 'done' })
  })

  test('has every field that the simulator says', async () => {
    await using simulator = await startSimulator()
    const paid = await simulator.stripe.paymentIntents.create(payment('o1', { expand: ['latest_charge'] }))
    await simulator.stripe.paymentIntents.capture(paid.id)
    const refund = await simulator.stripe.refunds.create({ payment_intent: paid.id })
    const [event] = (await simulator.stripe.events.list({ limit: 1 })).data
    const unknown = (ours: unknown, theirs: object) =>
      Object.keys(typeof ours === 'object' && ours !== null ? ours : {}).filter((name) => !(name in theirs))
    expect({
      intent: unknown(paid, await stripe.paymentIntents.retrieve(paymentId)),
      charge: unknown(paid.latest_charge, await stripe.charges.retrieve('ch_1')),
      refund: unknown(refund, await stripe.refunds.retrieve('re_1')),
      event: unknown(event, await stripe.events.retrieve('evt_1')),
    }).toEqual({ intent: [], charge: [], refund: [], event: [] })
  })
})
