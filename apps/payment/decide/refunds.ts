import type { EventOf } from '#contracts'
import { alarm, duplicate, ignored } from '#messaging'
import type { Payment, Refund, RefundFailed, RefundSucceeded, Taken } from '../vocabulary.ts'
import {
  type Answer,
  about,
  answeredReviews,
  type Change,
  changed,
  inReview,
  isInReview,
  refundFailed,
  reviewOf,
  reviewsOf,
  totalsOf,
  withoutRest,
  withRefund,
} from './change.ts'

/** Refunds of one payment that can be asked for: each is kept, and the whole row is read and written at every step. */
const refundsMax = 100

export function refundRequested(payment: Payment, wish: EventOf<'OrderRefundRequested'>): Answer {
  const { refundId, amountMinor } = wish
  if (refundOf(payment, refundId) !== undefined) return duplicate
  const code = whyNot(payment, amountMinor)
  if (code !== undefined) return changed(payment, refundFailed(payment, refundId, { code, reversed: false }))
  return changed({
    ...payment,
    refunds: withRefund(payment, { refundId, amountMinor, status: 'pending', cause: 'requested' }),
  })
}

function whyNot(payment: Payment, amountMinor: bigint): string | undefined {
  const { position, goal, refunds } = payment
  if (position.at !== 'taken') return 'not_captured'
  if (amountMinor < 1n) return 'not_positive'
  if (refunds.length >= refundsMax) return 'too_many'
  const pending = refunds.filter(({ status }) => status === 'pending')
  const pendingMinor = pending.reduce((sumMinor, refund) => sumMinor + refund.amountMinor, 0n)
  // What is left of a cancelled order's money is on its way back already.
  const freeMinor = goal === 'release' ? 0n : position.capturedMinor - position.refundedMinor - pendingMinor
  return amountMinor > freeMinor ? 'exceeds' : undefined
}

export function refundSucceeded(payment: Payment, fact: RefundSucceeded, now: Date): Answer {
  const { position } = payment
  if (position.at !== 'taken') return ignored
  const { refundId, amountMinor } = fact
  const known = refundOf(payment, refundId)
  const status = known?.status
  switch (status) {
    case 'succeeded':
      return duplicate
    case 'reversed':
      return ignored
    case 'failed':
      // It was booked as failed on the gateway's or an operator's word. One of the two words is wrong.
      return alarm
    case 'pending':
    case undefined: {
      const fits = position.refundedMinor + amountMinor <= position.capturedMinor
      if (!fits || (known !== undefined && known.amountMinor !== amountMinor)) return contradicted(payment, fact, now)
      const refund: Refund = { cause: 'external', ...known, refundId, amountMinor, status: 'succeeded' }
      return returned(payment, position, refund)
    }
    default:
      return status satisfies never
  }
}

function contradicted(payment: Payment, { refundId }: RefundSucceeded, now: Date): Answer {
  const review = reviewOf('refund', 'refund_amount_differs', { now, refundId })
  const after = answered(payment, refundId)
  // Known, and no call of ours was answered.
  if (after.operation === payment.operation && isInReview(payment, review)) return duplicate
  return changed(inReview(after, review))
}

function returned(payment: Payment, position: Taken, refund: Refund): Change {
  const refundedMinor = position.refundedMinor + refund.amountMinor
  const remainingMinor = position.capturedMinor - refundedMinor
  const after: Payment = {
    ...answered(payment, refund.refundId),
    position: { ...position, refundedMinor },
    refunds: withRefund(payment, refund),
  }
  const { refundId, amountMinor, cause } = refund
  const totals = { capturedMinor: position.capturedMinor, refundedMinor, remainingMinor }
  return changed(withoutRest(after), {
    type: 'PaymentRefunded',
    ...about(payment),
    refundId,
    amountMinor,
    ...totals,
    cause,
  })
}

export function refundDidFail(payment: Payment, { refundId, code }: RefundFailed, now: Date): Answer {
  const { position } = payment
  const refund = refundOf(payment, refundId)
  // One of somebody else's that never succeeded was never counted.
  if (position.at !== 'taken' || refund === undefined) return ignored
  if (refund.status === 'failed' || refund.status === 'reversed') return duplicate
  const reversed = refund.status === 'succeeded'
  const after: Payment = {
    ...answered(payment, refundId),
    position: { ...position, refundedMinor: position.refundedMinor - (reversed ? refund.amountMinor : 0n) },
    refunds: withRefund(payment, { ...refund, status: reversed ? 'reversed' : 'failed' }),
  }
  return changed(moneyStaysBehind(after, refundId, now), refundFailed(after, refundId, { code, reversed }))
}

/** A cancelled order's money that the gateway could not return. A new attempt under a new key could return it twice. */
function moneyStaysBehind(payment: Payment, refundId: string, now: Date): Payment {
  const { capturedMinor, refundedMinor } = totalsOf(payment)
  if (payment.goal !== 'release' || capturedMinor === refundedMinor) return payment
  const isAsked = reviewsOf(payment).some(({ reason }) => reason === 'refund_failed')
  return isAsked ? payment : inReview(payment, reviewOf('refund', 'refund_failed', { now, refundId }))
}

/** Takes away what was outstanding or in doubt about this refund. Another refund's call goes on. */
function answered(payment: Payment, refundId: string): Payment {
  const { operation } = payment
  const isOver = operation?.does === 'refund' && operation.refundId === refundId
  return answeredReviews({ ...payment, operation: isOver ? null : operation }, (review) => review.refundId === refundId)
}

const refundOf = ({ refunds }: Payment, refundId: string): Refund | undefined =>
  refunds.find((refund) => refund.refundId === refundId)
