import { expect, test, vi } from 'vitest'
import { payment, startSimulator } from './in-process.ts'

async function refunded(paymentMethod: string, refundSettleMs: number) {
  const simulator = await startSimulator({ refundSettleMs })
  const { stripe } = simulator
  const paid = payment('o1', { capture_method: 'automatic', payment_method: paymentMethod })
  const { id } = await stripe.paymentIntents.create(paid)
  const refund = await stripe.refunds.create({ payment_intent: id, amount: 1200 }, { idempotencyKey: 'refund' })
  const eventually = (status: string) =>
    vi.waitFor(async () => expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ status }), 5_000)
  const charge = async () => {
    const { latest_charge } = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })
    return latest_charge
  }
  const types = async () => (await stripe.events.list({ limit: 3 })).data.map(({ type }) => type)
  return {
    simulator,
    stripe,
    id,
    refund,
    eventually,
    charge,
    types,
    [Symbol.asyncDispose]: simulator[Symbol.asyncDispose],
  }
}

test('pm_card_refundFail: a refund that has succeeded fails later, and its money can be refunded again', async () => {
  await using case_ = await refunded('pm_card_refundFail', 1_500)
  const { stripe, id, refund } = case_
  expect(refund).toMatchObject({ status: 'succeeded' })
  expect(await case_.charge()).toMatchObject({ amount_refunded: 1200, refunded: true })
  await case_.eventually('failed')
  expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ failure_reason: 'expired_or_canceled_card' })
  expect(await case_.charge()).toMatchObject({ amount_refunded: 0, refunded: false })
  expect(await case_.types()).toEqual(['refund.failed', 'refund.updated', 'charge.refunded'])
  expect(await stripe.refunds.create({ payment_intent: id, amount: 1200 })).toMatchObject({ status: 'succeeded' })
})

test('pm_card_pendingRefund: a refund is pending and succeeds later', async () => {
  await using case_ = await refunded('pm_card_pendingRefund', 1_000)
  expect(case_.refund).toMatchObject({ status: 'pending', pending_reason: 'processing' })
  expect(case_.simulator.gateway.books.refundsOf(case_.id)).toMatchObject([{ status: 'pending' }])
  await case_.eventually('succeeded')
  expect(await case_.types()).toEqual(['refund.updated', 'charge.refunded', 'refund.created'])
  expect(await case_.charge()).toMatchObject({ amount_refunded: 1200 })
})

test('a repeated key says what was said first, whatever has become of the refund', async () => {
  await using case_ = await refunded('pm_card_refundFail', 0)
  await case_.eventually('failed')
  const again = await case_.stripe.refunds.create(
    { payment_intent: case_.id, amount: 1200 },
    { idempotencyKey: 'refund' },
  )
  expect(again).toMatchObject({ id: case_.refund.id, status: 'succeeded' })
})
