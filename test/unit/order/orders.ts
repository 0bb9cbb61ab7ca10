import type {
  CancelledOrder,
  ConfirmedOrder,
  Order,
  PaidOrder,
  PendingOrder,
  RefundedOrder,
} from '../../../apps/order/vocabulary.ts'

/** The orders and the moment that the tests of the aggregate begin with. */
export const orderId = '01990000-0000-7000-8000-000000000001'
export const merchantId = '01990000-0000-7000-8000-00000000000a'
export const ids = { orderId, merchantId }
export const placedAt = '2026-11-22T10:00:00.000Z'
export const payBy = '2026-11-22T10:15:00.000Z'
export const captureBy = '2026-11-23T10:01:00.000Z'
/** One minute after placing: no deadline has come. */
export const now = new Date('2026-11-22T10:01:00.000Z')
export const minutesMs = 60_000
export const limits = { payWithinMs: 15 * minutesMs, captureWithinMs: 24 * 60 * minutesMs }

const facts = {
  ...ids,
  currency: 'EUR',
  totalMinor: 10_000n,
  items: [{ sku: 'lamp', quantity: 2, unitPriceMinor: 5_000n }],
  customer: { email: 'ada@example.com', name: 'Ada' },
  capturedMinor: 0n,
  refundedMinor: 0n,
  refunds: [],
  onHold: false,
  payBy,
  createdAt: placedAt,
  updatedAt: placedAt,
}

export const pending: PendingOrder = { ...facts, status: 'pending', settled: false }
export const confirmed: ConfirmedOrder = { ...facts, status: 'confirmed', settled: false, captureBy }
/** 30.00 of 100.00 are promised back already. */
export const paid: PaidOrder = {
  ...facts,
  captureBy,
  status: 'paid',
  settled: true,
  capturedMinor: 10_000n,
  refunds: [{ id: 'r1', amountMinor: 3_000n, status: 'pending' }],
}
export const refunded: RefundedOrder = {
  ...paid,
  status: 'refunded',
  refundedMinor: 10_000n,
  refunds: [{ id: 'r1', amountMinor: 10_000n, status: 'succeeded' }],
}
export const cancelling: CancelledOrder = {
  ...facts,
  status: 'cancelled',
  settled: false,
  reason: 'customer_request',
}
export const returning: CancelledOrder = { ...paid, status: 'cancelled', settled: false, reason: 'customer_request' }
export const cancelledUncharged: CancelledOrder = { ...cancelling, settled: true }
export const cancelledReturned: CancelledOrder = { ...returning, settled: true, refundedMinor: 10_000n, refunds: [] }

/** X and Z of the saga's table stand here twice: with nothing taken, and with the money taken. */
export const given = {
  nothing: undefined,
  pending,
  confirmed,
  paid,
  refunded,
  X: cancelling,
  'X taken': returning,
  Z: cancelledUncharged,
  'Z returned': cancelledReturned,
} as const satisfies Record<string, Order | undefined>

export type Given = keyof typeof given
