import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Listener, listenTo } from '../../support/kafka/topic-listener.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import { cancellation, confirmation, expectEnding, taken } from '../../support/system/ending.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(15_000), interval: 25 }
let listener: Listener
const witnesses = () => ({ shop, listener })

const [refusedRefund, slowRefund] = [561, 562]

beforeAll(async () => {
  listener = await listenTo(shop.stack.endpoints.brokers, ['order.events', 'payment.events'])
  await shop.misbehave([
    {
      match: { operation: 'refund', amount: refusedRefund },
      do: { answer: { status: 400, type: 'invalid_request_error', code: 'charge_disputed', message: 'Disputed.' } },
    },
    { match: { operation: 'refund', amount: slowRefund }, times: 1, do: { delayMs: scaledMs(3_000) } },
  ])
})
afterAll(async () => {
  await shop.behave()
  await listener.stop()
})

const paidOrder = async (amountMinor: number): Promise<string> => {
  const { id } = await shop.place(anOrderOver(amountMinor))
  await follow(shop, id, { until: 'paid' })
  return id
}
const refund = async (id: string, body: object, key: string = randomUUID()) => {
  const response = await shop.post(body, { key, path: `/orders/${id}/refunds` })
  return { status: response.status, body: await response.text(), replayed: response.headers.get('idempotent-replayed') }
}
const refundsOf = async (id: string) =>
  (await shop.get(id)).refunds.map(({ amountMinor, status }) => `${amountMinor} ${status}`)
const whenRefunded = (id: string, expected: readonly string[]) =>
  vi.waitFor(async () => expect(await refundsOf(id)).toEqual(expected), within)

const part = (words: string) => ['Part of your order is refunded', words] as const

describe.concurrent('a refund of a paid order', () => {
  it('in part, and again, and of the rest: it ends refunded', async () => {
    const id = await paidOrder(1_000)
    expect((await refund(id, { amountMinor: 300, reason: 'scratched' })).status).toBe(202)
    await whenRefunded(id, ['300 succeeded'])
    expect(await shop.get(id)).toMatchObject({ status: 'paid', refundedMinor: 300, refunds: [{ reason: 'scratched' }] })
    expect(await shop.payment(id)).toMatchObject({ status: 'partially_refunded' })
    expect((await refund(id, { amountMinor: 200 })).status).toBe(202)
    await whenRefunded(id, ['300 succeeded', '200 succeeded'])
    expect((await refund(id, {})).status).toBe(202)
    await follow(shop, id, { until: 'refunded' })
    await expectEnding(witnesses(), id, {
      status: 'refunded',
      payment: 'refunded',
      charges: { ...taken, refunded: 3 },
      order:
        'OrderPlaced OrderConfirmed OrderPaid OrderRefundRequested OrderRefunded OrderRefundRequested OrderRefunded ' +
        'OrderRefundRequested OrderRefunded',
      paid: 'PaymentAuthorized PaymentCaptured PaymentRefunded PaymentRefunded PaymentRefunded',
      mails: [confirmation, part('3.00 EUR'), part('2.00 EUR'), ['Your order is refunded', '5.00 EUR']],
    })
    expect((await refund(id, { amountMinor: 1 })).status).toBe(422)
    expect((await shop.cancel(id)).status).toBe(409)
  })

  it('under one key eight times at once is one refund', async () => {
    const id = await paidOrder(1_001)
    const key = randomUUID()
    const answers = await Promise.all(Array.from({ length: 8 }, () => refund(id, { amountMinor: 1_001 }, key)))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1)
    expect(answers.filter(({ status, replayed }) => status === 202 && replayed === 'true')).toHaveLength(7)
    await follow(shop, id, { until: 'refunded' })
    await expectEnding(witnesses(), id, {
      status: 'refunded',
      payment: 'refunded',
      charges: { ...taken, refunded: 1 },
      order: 'OrderPlaced OrderConfirmed OrderPaid OrderRefundRequested OrderRefunded',
      paid: 'PaymentAuthorized PaymentCaptured PaymentRefunded',
      mails: [confirmation, ['Your order is refunded', '10.01 EUR goes back to you']],
    })
    expect((await refund(id, { amountMinor: 5 }, key)).status).toBe(422)
  })

  it('under eight keys at once gives back no more than was taken, and refuses the others', async () => {
    const id = await paidOrder(1_002)
    const answers = await Promise.all(Array.from({ length: 8 }, () => refund(id, { amountMinor: 400 })))
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      202, 202, 422, 422, 422, 422, 422, 422,
    ])
    await whenRefunded(id, ['400 succeeded', '400 succeeded'])
    expect(await shop.charges(id)).toMatchObject([{ refunded: { count: 2, amountMinor: 800 }, netMinor: 202 }])
    expect(await shop.get(id)).toMatchObject({ status: 'paid', refundedMinor: 800 })
  })

  it('of more than was taken is refused, and nothing happens', async () => {
    const id = await paidOrder(1_003)
    const key = randomUUID()
    const refused = await refund(id, { amountMinor: 1_004 }, key)
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([422, { code: 'refund_exceeds_captured' }])
    // The refusal is kept: the same request does not take effect later.
    expect(await refund(id, { amountMinor: 1_004 }, key)).toMatchObject({ status: 422, replayed: 'true' })
    for (const amountMinor of [0, -1, 1.5, '5', 9_007_199_254_740_992]) {
      const invalid = await refund(id, { amountMinor })
      expect([amountMinor, invalid.status]).toEqual([amountMinor, 400])
      expect(invalid.body).toContain('amountMinor')
    }
    expect(await shop.get(id)).toMatchObject({ status: 'paid', version: 3, refunds: [] })
  })

  it('that the gateway refuses has failed, and the order stays paid', async () => {
    const id = await paidOrder(refusedRefund)
    expect((await refund(id, { amountMinor: 100 })).status).toBe(202)
    await whenRefunded(id, ['100 failed'])
    await expectEnding(witnesses(), id, {
      status: 'paid',
      payment: 'captured',
      charges: taken,
      order: 'OrderPlaced OrderConfirmed OrderPaid OrderRefundRequested OrderRefundFailed',
      paid: 'PaymentAuthorized PaymentCaptured PaymentRefundFailed',
      mails: [confirmation, ['Your refund is delayed', 'your bank did not take a refund']],
    })
  })

  it('that is on its way when the order is cancelled is made, and then the rest is given back', async () => {
    const id = await paidOrder(slowRefund)
    expect((await refund(id, { amountMinor: 100 })).status).toBe(202)
    const following = follow(shop, id, { until: 'cancelled' })
    expect((await shop.cancel(id)).status).toBe(202)
    expect((await refund(id, { amountMinor: 1 })).status).toBe(409)
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'refunded',
      charges: { ...taken, refunded: 2 },
      order:
        'OrderPlaced OrderConfirmed OrderPaid OrderRefundRequested OrderCancelled OrderSettlementChanged ' +
        'OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentCaptured PaymentRefunded PaymentRefunded',
      mails: [confirmation, cancellation('5.62 EUR goes back to you')],
    })
  })
})

describe('a refund of an order that is not paid', () => {
  it('is refused while the payment is away, and after a cancellation', async () => {
    await shop.services.stop('payment')
    const { id } = await shop.place(anOrderOver(1_004))
    expect(await refund(id, {})).toMatchObject({ status: 409, body: expect.stringContaining('order_not_paid') })
    await shop.cancel(id)
    expect(await refund(id, {})).toMatchObject({ status: 409, body: expect.stringContaining('order_cancelled') })
    const following = follow(shop, id, { until: 'cancelled' })
    await shop.services.start('payment')
    await following
    expect((await refund(randomUUID(), {})).status).toBe(404)
  })
})
