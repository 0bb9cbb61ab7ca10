import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Listener, listenTo } from '../../support/kafka/topic-listener.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import {
  cancellation,
  confirmation,
  expectEnding,
  givenBack,
  letGo,
  nothing,
  taken,
} from '../../support/system/ending.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(15_000), interval: 25 }
let listener: Listener
const witnesses = () => ({ shop, listener })

// Orders by their amount: faults know them by that.
const [slowCard, slowRefusal, slowCapture, refusedCapture, lapsedHold, letGoAtDashboard] = [
  501, 502, 503, 504, 505, 506,
]
const [cancelledAtDashboard, expiredAtGateway] = [507, 508]
// Whoever stands still for two seconds has not missed it.
const delay = { delayMs: scaledMs(3_000) }

beforeAll(async () => {
  listener = await listenTo(shop.stack.endpoints.brokers, ['order.events', 'payment.events'])
  await shop.misbehave([
    { match: { operation: 'confirm', amount: slowCard }, do: delay },
    { match: { operation: 'confirm', amount: slowRefusal }, do: delay },
    { match: { operation: 'capture', amount: slowCapture }, do: delay },
    {
      match: { operation: 'capture', amount: refusedCapture },
      do: { answer: { status: 402, type: 'card_error', code: 'card_declined', message: 'Your card was declined.' } },
    },
    { match: { operation: 'capture', amount: lapsedHold }, do: { cancelIntent: 'expired' } },
    { match: { operation: 'capture', amount: letGoAtDashboard }, do: { cancelIntent: 'abandoned' } },
    { match: { operation: 'confirm', amount: cancelledAtDashboard }, do: { cancelIntent: 'fraudulent' } },
    { match: { operation: 'confirm', amount: expiredAtGateway }, do: { cancelIntent: 'expired' } },
  ])
})
afterAll(async () => {
  await shop.behave()
  await listener.stop()
})

const asWasAsked = cancellation('as was asked for')
const notCharged = cancellation('You keep your money')

describe.concurrent('a card that is declined', () => {
  it.each([
    ['pm_card_chargeDeclined', 'generic_decline', nothing],
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds', nothing],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', nothing],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', nothing],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', nothing],
    ['pm_card_authenticationRequired', 'authentication_required', nothing],
    ['pm_nobody_knows', 'resource_missing', 'none'],
  ] as const)('%s cancels the order at once and settles it', async (paymentMethod, code, charges) => {
    const { id } = await shop.place(anOrderOver(600, { paymentMethod }))
    const views = await follow(shop, id, { until: 'cancelled' })
    expect(views.map(({ status, settled }) => [status, settled])).not.toContainEqual(['cancelled', false])
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'payment_declined',
      payment: `declined ${code}`,
      charges,
      order: 'OrderPlaced OrderCancelled',
      paid: 'PaymentDeclined',
      mails: [cancellation('your bank declined the payment')],
    })
  })
})

describe.concurrent('a customer who cancels', () => {
  it('while the authorisation runs is not charged: the hold is let go when it comes', async () => {
    const { id } = await shop.place(anOrderOver(slowCard))
    await vi.waitFor(async () => expect(await shop.charges(id)).toHaveLength(1), within)
    const following = follow(shop, id, { until: 'cancelled' })
    const first = await shop.cancel(id)
    expect([first.status, JSON.parse(first.body)]).toMatchObject([202, { status: 'cancelled', settled: false }])
    const views = await following
    expect(views).toContainEqual(expect.objectContaining({ status: 'cancelled', settled: false }))
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'voided',
      charges: letGo,
      order: 'OrderPlaced OrderCancelled OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentVoided',
      mails: [asWasAsked],
    })
    expect((await shop.cancel(id)).status).toBe(200)
  })

  it('while an authorisation runs that is then refused is settled by the refusal', async () => {
    const { id } = await shop.place(anOrderOver(slowRefusal, { paymentMethod: 'pm_card_chargeDeclined' }))
    await vi.waitFor(async () => expect(await shop.charges(id)).toHaveLength(1), within)
    const following = follow(shop, id, { until: 'cancelled' })
    expect((await shop.cancel(id)).status).toBe(202)
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'declined generic_decline',
      charges: nothing,
      order: 'OrderPlaced OrderCancelled OrderSettlementChanged',
      paid: 'PaymentDeclined',
      mails: [asWasAsked],
    })
  })

  it('while the capture runs gets it back', async () => {
    const { id } = await shop.place(anOrderOver(slowCapture))
    const following = follow(shop, id, { until: 'cancelled' })
    await vi.waitFor(async () => expect((await shop.get(id)).status).toBe('confirmed'), within)
    expect((await shop.cancel(id)).status).toBe(202)
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'refunded',
      charges: givenBack,
      order: 'OrderPlaced OrderConfirmed OrderCancelled OrderSettlementChanged OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentCaptured PaymentRefunded',
      mails: [confirmation, notCharged],
    })
  })

  it('five times at once after the capture gets it back once', async () => {
    const { id } = await shop.place(anOrderOver(601))
    await follow(shop, id, { until: 'paid' })
    const following = follow(shop, id, { until: 'cancelled' })
    const answers = await Promise.all(Array.from({ length: 5 }, () => shop.cancel(id)))
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 200, 200, 200, 202])
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'refunded',
      charges: givenBack,
      order: 'OrderPlaced OrderConfirmed OrderPaid OrderCancelled OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentCaptured PaymentRefunded',
      mails: [confirmation, cancellation('6.01 EUR goes back to you')],
    })
  })
})

describe.concurrent('a capture that fails', () => {
  it.each([
    ['because the gateway refuses it', refusedCapture, 'voided'],
    ['because the hold has expired', lapsedHold, 'expired'],
    ['because somebody let go of the hold at the gateway', letGoAtDashboard, 'voided'],
  ] as const)('%s cancels the order, and nothing is held', async (_why, amount, payment) => {
    const { id } = await shop.place(anOrderOver(amount))
    await follow(shop, id, { until: 'cancelled' })
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'capture_failed',
      payment,
      charges: letGo,
      order: 'OrderPlaced OrderConfirmed OrderCancelled OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentCaptureFailed PaymentVoided',
      mails: [confirmation, cancellation('the payment could not be completed')],
    })
  })
})

describe.concurrent('a payment intent that is cancelled at the gateway before it holds anything', () => {
  it.each([
    ['by somebody', cancelledAtDashboard, 'voided_externally', 'voided', 'was released'],
    ['by its expiry', expiredAtGateway, 'authorisation_expired', 'expired', 'has expired'],
  ] as const)('%s cancels the order, settled', async (...[, amount, reason, payment, words]) => {
    const { id } = await shop.place(anOrderOver(amount))
    await follow(shop, id, { until: 'cancelled' })
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason,
      payment,
      charges: nothing,
      order: 'OrderPlaced OrderCancelled',
      paid: 'PaymentVoided',
      mails: [cancellation(words)],
    })
  })
})

describe('when all is well', () => {
  it('an order is paid, and every look at it on the way was true', async () => {
    const { id } = await shop.place(anOrderOver(602))
    await follow(shop, id, { until: 'paid' })
    await expectEnding(witnesses(), id, {
      status: 'paid',
      payment: 'captured',
      charges: taken,
      order: 'OrderPlaced OrderConfirmed OrderPaid',
      paid: 'PaymentAuthorized PaymentCaptured',
      mails: [confirmation],
    })
  })

  it('every fault that these tests asked for has struck', async () => {
    expect(Math.min(...(await shop.struck()))).toBeGreaterThan(0)
  })
})
