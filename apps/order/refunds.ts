import type { EventOf } from '#contracts'
import { alarm, duplicate, ignored, refused } from '#messaging'
import { settlementChanged } from './cancellation.ts'
import { isAllBack, isSame, totalsOf } from './payment-facts.ts'
import {
  about,
  applied,
  type Order,
  type OrderDecision,
  type PaidOrder,
  type Refund,
  type RefundedOrder,
  type RequestRefund,
} from './vocabulary.ts'

type PaymentRefunded = EventOf<'PaymentRefunded'>
type PaymentRefundFailed = EventOf<'PaymentRefundFailed'>

/** Of one order. They rest in its row, which is read and written whole; nobody needs so many. */
export const maxRefunds = 100

export function requestRefund(order: Order, command: RequestRefund): OrderDecision {
  switch (order.status) {
    case 'pending':
    case 'confirmed':
      return refused('order_not_paid')
    case 'refunded':
      return refused('refund_exceeds_captured')
    case 'cancelled':
      return refused('order_cancelled')
    case 'paid':
      return requestRefundOfPaid(order, command)
  }
}

function requestRefundOfPaid(order: PaidOrder, { refundId, amountMinor, reason }: RequestRefund): OrderDecision {
  if (order.refunds.some(({ id }) => id === refundId)) return duplicate
  if (order.refunds.length >= maxRefunds) return refused('too_many_refunds')
  const leftMinor = refundableMinor(order)
  const askedMinor = amountMinor ?? leftMinor
  if (askedMinor <= 0n || askedMinor > leftMinor) return refused('refund_exceeds_captured')
  const why = reason === undefined ? {} : { reason }
  const refund: Refund = { id: refundId, amountMinor: askedMinor, status: 'pending', ...why }
  return applied(
    { ...order, refunds: [...order.refunds, refund] },
    { type: 'OrderRefundRequested', ...about(order), refundId, amountMinor: askedMinor, ...why },
  )
}

/** What was neither returned nor promised yet. Negative when somebody refunded past our requests at the gateway. */
export function refundableMinor({ capturedMinor, refundedMinor, refunds }: Order): bigint {
  const pending = refunds.filter(({ status }) => status === 'pending')
  return pending.reduce((leftMinor, { amountMinor }) => leftMinor - amountMinor, capturedMinor - refundedMinor)
}

export function paymentRefunded(order: Order, refunded: PaymentRefunded): OrderDecision {
  const totals = totalsOf(refunded)
  const leftMinor = totals.capturedMinor - totals.refundedMinor
  if (leftMinor < 0n || refunded.remainingMinor !== leftMinor) return alarm
  const refunds = withSucceeded(order.refunds, refunded)
  switch (order.status) {
    case 'pending':
    case 'confirmed':
      return alarm
    case 'paid':
      return paidRefunded({ ...order, refunds }, refunded)
    case 'refunded':
      if (totals.capturedMinor !== order.capturedMinor) return alarm
      return restated(order, { ...order, ...totals, refunds })
    case 'cancelled':
      if (order.settled) return restated(order, { ...order, ...totals, refunds })
      return settlementChanged({ ...order, ...totals, refunds, settled: isAllBack(totals) })
  }
}

function paidRefunded(order: PaidOrder, { refundId, amountMinor, ...rest }: PaymentRefunded): OrderDecision {
  const totals = totalsOf(rest)
  if (totals.capturedMinor !== order.capturedMinor) return alarm
  const full = isAllBack(totals)
  return applied(paidOrRefunded({ ...order, ...totals }), {
    type: 'OrderRefunded',
    ...about(order),
    refundId,
    amountMinor,
    ...totals,
    full,
  })
}

export function paymentRefundFailed(order: Order, failed: PaymentRefundFailed): OrderDecision {
  const totals = totalsOf(failed)
  if (totals.refundedMinor > totals.capturedMinor) return alarm
  const refunds = withFailed(order.refunds, failed.refundId)
  switch (order.status) {
    case 'pending':
    case 'confirmed':
      return ignored
    case 'paid':
    case 'refunded':
      if (totals.capturedMinor !== order.capturedMinor) return alarm
      // Whether it was reversed is read off the totals: money that came back makes a refunded order a paid one.
      return applied(paidOrRefunded({ ...order, ...totals, refunds }), {
        type: 'OrderRefundFailed',
        ...about(order),
        refundId: failed.refundId,
        code: failed.code,
        ...totals,
      })
    case 'cancelled':
      if (order.settled && isAllBack(totals)) return ignored
      return settlementChanged({ ...order, ...totals, refunds, settled: false })
  }
}

/** Nothing is left to say. Totals that would take back what this state has already said are somebody's mistake. */
function restated(order: Order, next: Order): OrderDecision {
  if (!isAllBack(next)) return alarm
  return isSame(order, next) && next.refunds === order.refunds ? duplicate : applied(next)
}

function paidOrRefunded(order: PaidOrder | RefundedOrder): Order {
  return { ...order, status: isAllBack(order) ? 'refunded' : 'paid' }
}

/** A refund that was made at the gateway joins those that were asked for here. */
function withSucceeded(refunds: readonly Refund[], { refundId: id, amountMinor }: PaymentRefunded): readonly Refund[] {
  const known = refunds.find((refund) => refund.id === id)
  if (known === undefined) return [...refunds, { id, amountMinor, status: 'succeeded' }]
  if (known.status === 'succeeded') return refunds
  return refunds.map((refund) => (refund.id === id ? { ...refund, status: 'succeeded' } : refund))
}

function withFailed(refunds: readonly Refund[], id: string): readonly Refund[] {
  return refunds.map((refund) => (refund.id === id ? { ...refund, status: 'failed' } : refund))
}
