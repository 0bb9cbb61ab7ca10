import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Fault } from '../../../apps/simulators/gateway/faults/faults.ts'
import { type Listener, listenTo } from '../../support/kafka/topic-listener.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import { cancellation, confirmation, expectEnding, givenBack, letGo, taken } from '../../support/system/ending.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(15_000), interval: 25 }
let listener: Listener
const witnesses = () => ({ shop, listener })

/** The payment service does not wait longer than this for one answer. */
const gatewayTimeoutMs = scaledMs(3_000)
const tooSlow = { delayMs: scaledMs(8_000) }
const lost = { hangUp: 'after' } as const

const unknownAuthorisation = 'PaymentOutcomeUnknown PaymentAuthorized PaymentCaptured'
const unknownCapture = 'PaymentAuthorized PaymentOutcomeUnknown PaymentCaptured'
const whilePaying: readonly (readonly [string, Fault['match']['operation'], Fault['do'], string])[] = [
  ['the answer to create is lost', 'create', lost, unknownAuthorisation],
  ['create never arrives', 'create', { hangUp: 'before' }, unknownAuthorisation],
  ['confirm is performed after its time', 'confirm', tooSlow, unknownAuthorisation],
  ['the answer to confirm is lost', 'confirm', lost, unknownAuthorisation],
  ['confirm is performed and answered with 500', 'confirm', { status: 500, when: 'after' }, unknownAuthorisation],
  ['capture is performed after its time', 'capture', tooSlow, unknownCapture],
  ['the answer to capture is lost', 'capture', lost, unknownCapture],
  ['capture is performed and answered with 500', 'capture', { status: 500, when: 'after' }, unknownCapture],
]
const amountOf = (index: number) => 520 + index
const [lostVoid, lostRefund, cancelledInDoubt, lostPart] = [541, 542, 543, 544]

beforeAll(async () => {
  listener = await listenTo(shop.stack.endpoints.brokers, ['order.events', 'payment.events'])
  await shop.services.stop('payment')
  await shop.services.start('payment', { GATEWAY_TIMEOUT_MS: `${gatewayTimeoutMs}` })
  await shop.misbehave([
    ...whilePaying.map(([, operation, misdeed], index) => ({
      match: { operation, amount: amountOf(index) },
      times: 1,
      do: misdeed,
    })),
    {
      match: { operation: 'capture', amount: lostVoid },
      do: { answer: { status: 402, type: 'card_error', message: '' } },
    },
    { match: { operation: 'cancel', amount: lostVoid }, times: 1, do: lost },
    { match: { operation: 'refund', amount: lostRefund }, times: 1, do: lost },
    { match: { operation: 'refund', amount: lostPart }, times: 1, do: lost },
    { match: { operation: 'confirm', amount: cancelledInDoubt }, times: 1, do: tooSlow },
    // Nobody can say what became of it for as long as the next look-up hangs, and that is no webhook's.
    { match: { operation: 'retrieve', amount: cancelledInDoubt }, times: 1, do: tooSlow },
    { match: { amount: cancelledInDoubt }, do: { webhook: { lost: true } } },
  ])
})
afterAll(async () => {
  await shop.behave()
  await listener.stop()
  await shop.services.stop('payment')
  await shop.services.start('payment')
})

describe.concurrent('an answer of the gateway that is late or lost', () => {
  // Takes longest, and so begins first.
  it('a customer cancels while nobody knows whether the money is held: what comes is let go', async () => {
    const { id } = await shop.place(anOrderOver(cancelledInDoubt))
    await vi.waitFor(async () => expect(await shop.payment(id)).toMatchObject({ condition: 'unknown' }), within)
    const following = follow(shop, id, { until: 'cancelled', timeout: limitMs(40_000) })
    expect((await shop.cancel(id)).status).toBe(202)
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'voided',
      charges: letGo,
      order: 'OrderPlaced OrderCancelled OrderSettlementChanged',
      paid: 'PaymentOutcomeUnknown PaymentAuthorized PaymentVoided',
      mails: [cancellation('as was asked for')],
    })
  })

  it.each(whilePaying.map(([what, , , paid], index) => [what, paid, amountOf(index)] as const))(
    '%s: the order is paid, by one hold and one capture',
    async (_what, paid, amount) => {
      const { id } = await shop.place(anOrderOver(amount))
      await follow(shop, id, { until: 'paid', timeout: limitMs(40_000) })
      await expectEnding(witnesses(), id, {
        status: 'paid',
        payment: 'captured',
        charges: taken,
        order: 'OrderPlaced OrderConfirmed OrderPaid',
        paid,
        mails: [confirmation],
      })
    },
  )

  it('the answer to a void is lost: the hold is gone, once', async () => {
    const { id } = await shop.place(anOrderOver(lostVoid))
    await follow(shop, id, { until: 'cancelled', timeout: limitMs(40_000) })
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'capture_failed',
      payment: 'voided',
      charges: letGo,
      order: 'OrderPlaced OrderConfirmed OrderCancelled OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentCaptureFailed PaymentOutcomeUnknown PaymentVoided',
      mails: [confirmation, cancellation('the payment could not be completed')],
    })
  })

  it('the answer to a refund is lost: the money goes back once', async () => {
    const { id } = await shop.place(anOrderOver(lostRefund))
    await follow(shop, id, { until: 'paid', timeout: limitMs(40_000) })
    const following = follow(shop, id, { until: 'cancelled', timeout: limitMs(40_000) })
    await shop.cancel(id)
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'refunded',
      charges: givenBack,
      order: 'OrderPlaced OrderConfirmed OrderPaid OrderCancelled OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentCaptured PaymentOutcomeUnknown PaymentRefunded',
      mails: [confirmation, cancellation('5.42 EUR goes back to you')],
    })
  })

  it('the answer to a refund in part is lost: that part goes back once', async () => {
    const { id } = await shop.place(anOrderOver(lostPart))
    await follow(shop, id, { until: 'paid', timeout: limitMs(40_000) })
    expect((await shop.post({ amountMinor: 100 }, { path: `/orders/${id}/refunds` })).status).toBe(202)
    await vi.waitFor(async () => expect(await shop.get(id)).toMatchObject({ refundedMinor: 100 }), within)
    await expectEnding(witnesses(), id, {
      status: 'paid',
      payment: 'partially_refunded',
      charges: { ...taken, refunded: 1 },
      order: 'OrderPlaced OrderConfirmed OrderPaid OrderRefundRequested OrderRefunded',
      paid: 'PaymentAuthorized PaymentCaptured PaymentOutcomeUnknown PaymentRefunded',
      mails: [confirmation, ['Part of your order is refunded', '1.00 EUR']],
    })
  })
})

describe('the orders above', () => {
  it('met every fault that they had asked for', async () => {
    expect(Math.min(...(await shop.struck()))).toBeGreaterThan(0)
  })
})
