import type { EventOf } from '#contracts'
import { alarm, duplicate, ignored } from '#messaging'
import { cancelled, settlementChanged } from './cancellation.ts'
import { about, applied, type Order, type OrderDecision, type Totals } from './vocabulary.ts'

export function authorized(order: Order, held: EventOf<'PaymentAuthorized'>, captureBy: string): OrderDecision {
  switch (order.status) {
    case 'pending':
      if (held.amountMinor !== order.totalMinor || held.currency !== order.currency) {
        return cancelled(order, 'amount_mismatch', { settled: false })
      }
      return applied(
        { ...order, status: 'confirmed', captureBy },
        { type: 'OrderConfirmed', ...about(order), totalMinor: order.totalMinor },
      )
    case 'confirmed':
    case 'paid':
    case 'refunded':
      return ignored
    case 'cancelled':
      // A hold that came after all was thought over: payment lets go of it and says so once more.
      return order.settled ? settlementChanged({ ...order, settled: false }) : ignored
  }
}

export function declined(order: Order): OrderDecision {
  switch (order.status) {
    case 'pending':
    case 'confirmed':
      return cancelled(order, 'payment_declined', { settled: true })
    case 'paid':
    case 'refunded':
      return alarm
    case 'cancelled':
      return released(order)
  }
}

export function voided(order: Order, { reason }: EventOf<'PaymentVoided'>): OrderDecision {
  switch (order.status) {
    case 'pending':
    case 'confirmed':
      // `released` and `never_charged` answer a cancellation. Without one, somebody else let go of the money.
      return cancelled(order, reason === 'expired' ? 'authorisation_expired' : 'voided_externally', { settled: true })
    case 'paid':
    case 'refunded':
      return alarm
    case 'cancelled':
      return released(order)
  }
}

export function captureFailed(order: Order): OrderDecision {
  switch (order.status) {
    case 'pending':
    case 'confirmed':
      return cancelled(order, 'capture_failed', { settled: false })
    case 'paid':
    case 'refunded':
      return alarm
    case 'cancelled':
      return ignored
  }
}

export function captured(order: Order, taken: EventOf<'PaymentCaptured'>): OrderDecision {
  const totals = totalsOf(taken)
  if (totals.refundedMinor > totals.capturedMinor) return alarm
  switch (order.status) {
    case 'pending':
    case 'confirmed':
      // Paid means exactly the total. Any other amount has to go back, all of it.
      if (totals.capturedMinor !== order.totalMinor) {
        return cancelled({ ...order, ...totals }, 'amount_mismatch', { settled: false })
      }
      return paid(order, totals)
    case 'paid':
    case 'refunded':
      return capturedAgain(order, totals)
    case 'cancelled':
      if (isSame(order, totals)) return duplicate
      return settlementChanged({ ...order, ...totals, settled: order.settled && isAllBack(totals) })
  }
}

function paid(order: Extract<Order, { status: 'pending' | 'confirmed' }>, totals: Totals): OrderDecision {
  const { capturedMinor } = totals
  const state: Order = { ...order, ...totals, status: 'paid', settled: true }
  const orderPaid = { type: 'OrderPaid', ...about(order), capturedMinor } as const
  if (order.status === 'confirmed') return applied(state, orderPaid)
  return applied(state, { type: 'OrderConfirmed', ...about(order), totalMinor: order.totalMinor }, orderPaid)
}

/** Only totals may differ, and only as the status allows: what leaves or enters `refunded` is a refund, not a capture. */
function capturedAgain(order: Extract<Order, { status: 'paid' | 'refunded' }>, totals: Totals): OrderDecision {
  if (isSame(order, totals)) return duplicate
  const wasAllBack = order.status === 'refunded'
  if (totals.capturedMinor !== order.capturedMinor || isAllBack(totals) !== wasAllBack) return alarm
  return applied({ ...order, ...totals })
}

/** No hold is left. That settles a cancellation unless money was taken: then only its return does. */
function released(order: Extract<Order, { status: 'cancelled' }>): OrderDecision {
  if (order.settled) return ignored
  return isAllBack(order) ? settlementChanged({ ...order, settled: true }) : alarm
}

export function totalsOf({ capturedMinor, refundedMinor }: Totals): Totals {
  return { capturedMinor, refundedMinor }
}

export function isAllBack({ capturedMinor, refundedMinor }: Totals): boolean {
  return refundedMinor === capturedMinor
}

export function isSame(one: Totals, other: Totals): boolean {
  return one.capturedMinor === other.capturedMinor && one.refundedMinor === other.refundedMinor
}
