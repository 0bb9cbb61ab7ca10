import { expect, test } from 'vitest'
import { endOf } from '../../../apps/order/metrics.ts'
import { applied, type OrderVocabulary } from '../../../apps/order/vocabulary.ts'
import { pending } from './orders.ts'

const createdAt = '2026-11-22T10:00:00.000Z'
const order = { ...pending, createdAt, updatedAt: '2026-11-22T10:00:02.500Z' }
const about = { orderId: order.orderId, merchantId: order.merchantId }
const totals = { capturedMinor: 10n, refundedMinor: 10n }
const refunded = { ...about, ...totals, type: 'OrderRefunded', refundId: 'r1', amountMinor: 10n } as const
const ended = (...events: readonly OrderVocabulary['said'][]) => endOf(applied(order, ...events))

test('a saga ends when the order is paid, refunded in full, or cancelled with no money held or kept', () => {
  const confirmed = { ...about, type: 'OrderConfirmed', totalMinor: 10n } as const
  const cancelled = { ...about, ...totals, type: 'OrderCancelled', reason: 'payment_declined', settled: true } as const
  const settled = { ...about, ...totals, type: 'OrderSettlementChanged', settled: true } as const
  expect(ended(confirmed, { ...about, type: 'OrderPaid', capturedMinor: 10n })).toEqual({
    outcome: 'paid',
    seconds: 2.5,
  })
  expect(ended({ ...refunded, full: true })).toEqual({ outcome: 'refunded', seconds: 2.5 })
  expect(ended(cancelled)).toEqual({ outcome: 'cancelled', seconds: 2.5 })
  expect(ended(settled)).toEqual({ outcome: 'cancelled', seconds: 2.5 })
})

test('a saga goes on while money is still to follow', () => {
  const cancelled = { ...about, ...totals, type: 'OrderCancelled', reason: 'customer_request', settled: false } as const
  expect(ended(cancelled)).toBeUndefined()
  expect(ended({ ...refunded, full: false })).toBeUndefined()
  expect(ended()).toBeUndefined()
  expect(endOf({ is: 'ignored', because: 'late' })).toBeUndefined()
})
