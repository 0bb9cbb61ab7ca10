import { duplicate, ignored, refused } from '#messaging'
import {
  about,
  applied,
  type CancellationReason,
  type CancelledOrder,
  type Order,
  type OrderDecision,
} from './vocabulary.ts'

export function cancel(order: Order): OrderDecision {
  switch (order.status) {
    case 'pending':
    case 'confirmed':
    case 'paid':
      return cancelled(order, 'customer_request', { settled: false })
    case 'refunded':
      return refused('order_refunded')
    case 'cancelled':
      return duplicate
  }
}

/** Judged by `now` and not by who asks: a deadline that was moved or revoked in the meantime is late. */
export function deadlineReached(order: Order, now: Date): OrderDecision {
  switch (order.status) {
    case 'pending':
      return now < new Date(order.payBy) ? ignored : cancelled(order, 'payment_timeout', { settled: false })
    case 'confirmed':
      return now < new Date(order.captureBy) ? ignored : cancelled(order, 'capture_timeout', { settled: false })
    case 'paid':
    case 'refunded':
    case 'cancelled':
      return ignored
  }
}

/** Payment answers each cancellation that is not settled with exactly one event that settles it. */
export function cancelled(
  order: Exclude<Order, CancelledOrder>,
  reason: CancellationReason,
  { settled }: { readonly settled: boolean },
): OrderDecision {
  const { capturedMinor, refundedMinor } = order
  return applied(
    { ...order, status: 'cancelled', settled, reason },
    { type: 'OrderCancelled', ...about(order), reason, settled, capturedMinor, refundedMinor },
  )
}

/** The order stays cancelled; what changed is the money that is still out, or that none is any more. */
export function settlementChanged(order: CancelledOrder): OrderDecision {
  const { settled, capturedMinor, refundedMinor } = order
  return applied(settled ? { ...order, refunds: order.refunds.map(superseded) } : order, {
    type: 'OrderSettlementChanged',
    ...about(order),
    settled,
    capturedMinor,
    refundedMinor,
  })
}

/** Everything went back with the cancellation: a refund still waiting has nothing left to give. */
function superseded(refund: Order['refunds'][number]): Order['refunds'][number] {
  return refund.status === 'pending' ? { ...refund, status: 'failed' } : refund
}
