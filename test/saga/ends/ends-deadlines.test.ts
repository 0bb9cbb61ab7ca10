import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Listener, listenTo } from '../../support/kafka/topic-listener.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import { cancellation, confirmation, expectEnding, givenBack, letGo, nothing } from '../../support/system/ending.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(25_000), interval: 25 }
const timeout = limitMs(30_000)
let listener: Listener
const witnesses = () => ({ shop, listener })

// Services that stand still for two seconds still authorise before the first is over, begin to capture before the second
// is, and keep either before the late answers come.
const limits = { PAY_WITHIN_MS: `${scaledMs(4_000)}`, CAPTURE_WITHIN_MS: `${scaledMs(2_500)}` }
const [lateAuthorisation, lateMoney] = [{ delayMs: scaledMs(7_000) }, { delayMs: scaledMs(5_500) }]
const [lateHold, lateRefusal, lateCapture, refusedInTheEnd] = [511, 512, 513, 514]
const restart = async (name: 'order' | 'payment', overrides: Readonly<Record<string, string>> = {}) => {
  await shop.services.stop(name)
  await shop.services.start(name, overrides)
}

beforeAll(async () => {
  listener = await listenTo(shop.stack.endpoints.brokers, ['order.events', 'payment.events'])
  // It waits longer than these answers are late.
  await Promise.all([restart('order', limits), restart('payment', { GATEWAY_TIMEOUT_MS: `${scaledMs(12_000)}` })])
  await shop.misbehave([
    { match: { operation: 'confirm', amount: lateHold }, do: lateAuthorisation },
    { match: { operation: 'confirm', amount: lateRefusal }, do: lateAuthorisation },
    { match: { operation: 'capture', amount: lateCapture }, do: lateMoney },
  ])
})
afterAll(async () => {
  await shop.behave()
  await listener.stop()
  await Promise.all([restart('order'), restart('payment')])
})

const tooLate = cancellation('the payment did not arrive in time')
const incomplete = cancellation('the payment could not be completed in time')

describe.concurrent('an order that is not paid for in time', () => {
  it('is cancelled, and lets go of the hold that comes afterwards', async () => {
    const { id } = await shop.place(anOrderOver(lateHold))
    const views = await follow(shop, id, { until: 'cancelled', timeout })
    expect(views.map(({ status, settled }) => `${status} ${settled}`)).toEqual([
      'pending false',
      'cancelled false',
      'cancelled true',
    ])
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'payment_timeout',
      payment: 'voided',
      charges: letGo,
      order: 'OrderPlaced OrderCancelled OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentVoided',
      mails: [tooLate],
    })
  })

  it('is cancelled, and settled by the refusal that comes afterwards', async () => {
    const { id } = await shop.place(anOrderOver(lateRefusal, { paymentMethod: 'pm_card_chargeDeclined' }))
    await follow(shop, id, { until: 'cancelled', timeout })
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'payment_timeout',
      payment: 'declined generic_decline',
      charges: nothing,
      order: 'OrderPlaced OrderCancelled OrderSettlementChanged',
      paid: 'PaymentDeclined',
      mails: [tooLate],
    })
  })

  it('is cancelled, and gives back the money that is taken afterwards', async () => {
    const { id } = await shop.place(anOrderOver(lateCapture))
    await follow(shop, id, { until: 'cancelled', timeout })
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'capture_timeout',
      payment: 'refunded',
      charges: givenBack,
      order: 'OrderPlaced OrderConfirmed OrderCancelled OrderSettlementChanged OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentCaptured PaymentRefunded',
      mails: [confirmation, incomplete],
    })
  })
})

describe('the orders above', () => {
  it('met every fault that they had asked for', async () => {
    expect(Math.min(...(await shop.struck()))).toBeGreaterThan(0)
  })
})

describe('an order whose capture nobody answers in time', () => {
  it('is cancelled, and lets go of the hold when the capture is refused in the end', async () => {
    const match = { operation: 'capture', amount: refusedInTheEnd } as const
    await shop.misbehave([{ match, do: { status: 500, when: 'before' } }])
    const { id } = await shop.place(anOrderOver(refusedInTheEnd))
    await vi.waitFor(async () => expect((await shop.get(id)).status).toBe('cancelled'), within)
    const following = follow(shop, id, { until: 'cancelled', timeout })
    const refusal = {
      status: 402,
      type: 'card_error',
      code: 'card_declined',
      message: 'Your card was declined.',
    } as const
    await shop.misbehave([{ match, do: { answer: refusal } }])
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'capture_timeout',
      payment: 'voided',
      charges: letGo,
      order: 'OrderPlaced OrderConfirmed OrderCancelled OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentOutcomeUnknown PaymentCaptureFailed PaymentVoided',
      mails: [confirmation, incomplete],
    })
  })
})

describe('an order whose payment service is away', () => {
  it('is cancelled in time, and settled without a charge when payment is back', async () => {
    await shop.services.stop('payment')
    const { id } = await shop.place(anOrderOver(603))
    await vi.waitFor(async () => expect((await shop.get(id)).status).toBe('cancelled'), within)
    expect(await shop.get(id)).toMatchObject({ reason: 'payment_timeout', settled: false })
    const following = follow(shop, id, { until: 'cancelled', timeout })
    await shop.services.start('payment')
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'payment_timeout',
      payment: 'voided',
      charges: 'none',
      order: 'OrderPlaced OrderCancelled OrderSettlementChanged',
      paid: 'PaymentVoided',
      mails: [tooLate],
    })
  })
})
