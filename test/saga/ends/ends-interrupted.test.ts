import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Listener, listenTo } from '../../support/kafka/topic-listener.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import { cancellation, confirmation, expectEnding, letGo } from '../../support/system/ending.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(15_000), interval: 25 }
let listener: Listener
const witnesses = () => ({ shop, listener })

const [heldUnheard, aboutToExpire] = [551, 552]
const asWasAsked = cancellation('as was asked for')

beforeAll(async () => {
  listener = await listenTo(shop.stack.endpoints.brokers, ['order.events', 'payment.events'])
  // What speaks to an engine is loaded by the first who does, and takes the second that a fault below leaves.
  await shop.stack.status()
})
afterAll(async () => {
  await shop.behave()
  await listener.stop()
})

describe('a customer who cancels', () => {
  it('before the authorisation is sent is never charged', async () => {
    await shop.services.stop('payment')
    const { id } = await shop.place(anOrderOver(604))
    expect((await shop.cancel(id)).status).toBe(202)
    expect(await shop.get(id)).toMatchObject({ status: 'cancelled', settled: false })
    const following = follow(shop, id, { until: 'cancelled' })
    await shop.services.start('payment')
    await following
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'voided',
      charges: 'none',
      order: 'OrderPlaced OrderCancelled OrderSettlementChanged',
      paid: 'PaymentVoided',
      mails: [asWasAsked],
    })
  })

  it('after the authorisation, which the order has not heard of yet, is not charged', async () => {
    await shop.misbehave([{ match: { operation: 'confirm', amount: heldUnheard }, do: { delayMs: scaledMs(4_000) } }])
    const { id } = await shop.place(anOrderOver(heldUnheard))
    await vi.waitFor(async () => expect(await shop.charges(id)).toHaveLength(1), within)
    await shop.stack.kill('connect', 'SIGSTOP')
    try {
      await vi.waitFor(async () => expect(await shop.payment(id)).toMatchObject({ status: 'authorised' }), within)
      expect(await shop.get(id)).toMatchObject({ status: 'pending' })
      expect((await shop.cancel(id)).status).toBe(202)
    } finally {
      await shop.stack.kill('connect', 'SIGCONT')
    }
    await follow(shop, id, { until: 'cancelled' })
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'customer_request',
      payment: 'voided',
      charges: letGo,
      order: 'OrderPlaced OrderCancelled OrderSettlementChanged',
      paid: 'PaymentAuthorized PaymentVoided',
      mails: [asWasAsked],
    })
  })
})

describe('a hold that is about to expire while the order service is away', () => {
  // Less than the day before its expiry at which the payment service lets go of a hold.
  beforeAll(() => restartGateway({ GATEWAY_HOLD_MS: '3600000' }))
  afterAll(() => restartGateway({}))
  const restartGateway = async (overrides: Record<string, string>) => {
    await shop.services.stop('gateway-simulator')
    await shop.services.start('gateway-simulator', overrides)
  }

  it('is let go, and the order is cancelled when it is back', async () => {
    await shop.misbehave([{ match: { operation: 'confirm', amount: aboutToExpire }, do: { delayMs: scaledMs(4_000) } }])
    const { id } = await shop.place(anOrderOver(aboutToExpire))
    await vi.waitFor(async () => expect(await shop.charges(id)).toHaveLength(1), within)
    await shop.services.stop('order')
    try {
      await vi.waitFor(async () => expect(await shop.payment(id)).toMatchObject({ status: 'expired' }), within)
    } finally {
      await shop.services.start('order')
    }
    await follow(shop, id, { until: 'cancelled' })
    await expectEnding(witnesses(), id, {
      status: 'cancelled',
      reason: 'authorisation_expired',
      payment: 'expired',
      charges: letGo,
      order: 'OrderPlaced OrderConfirmed OrderCancelled',
      paid: 'PaymentAuthorized PaymentVoided',
      mails: [confirmation, cancellation('the reservation of the amount has expired')],
    })
  })
})
