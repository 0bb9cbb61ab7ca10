import { alarm, type Decision, duplicate, type Input, ignored, refused as refusal } from '#messaging'
import type { Attempt, Fact, GaveUp, OutcomeUnknown, Payment, PaymentVocabulary, ResolveReview } from '../vocabulary.ts'
import { type Answer, answeredReviews, changed, conclude, inReview, reviewOf, reviewsOf } from './change.ts'
import { captured, gone, held, refused } from './facts.ts'
import { decideFirst } from './first.ts'
import { refundDidFail, refundRequested, refundSucceeded } from './refunds.ts'

/** A day, in milliseconds: gateways let go of a hold at an hour of their own choosing, and ours should be the decision. */
const beforeExpiryMs = 24 * 60 * 60 * 1000

/**
 * The payment of one order. An input changes a fact or the goal; `next` then names the one operation that brings the
 * money from where it is to where it should be.
 */
export function decidePayment(
  payment: Payment | undefined,
  input: Input<PaymentVocabulary>,
  now: Date,
): Decision<PaymentVocabulary> {
  if (payment === undefined) return decideFirst(input, now)
  const answer = answerTo(payment, input, now)
  return answer.is === 'change' ? conclude(payment, answer, { type: input.type, now }) : answer
}

/** While held and waiting for the order. A capture that is under way meets the expiry as the gateway's answer. */
export function dueAt({ position, goal, operation, review }: Payment): Date | undefined {
  if (position.at !== 'held' || goal !== 'hold' || operation !== null || review !== null) return undefined
  return new Date(Date.parse(position.expiresAt) - beforeExpiryMs)
}

function answerTo(payment: Payment, input: Input<PaymentVocabulary>, now: Date): Answer {
  switch (input.type) {
    case 'OrderPlaced':
      return duplicate
    case 'OrderConfirmed':
      return confirmed(payment)
    case 'OrderCancelled':
      return cancelled(payment)
    case 'OrderRefundRequested':
      return refundRequested(payment, input)
    case 'CustomerErased':
      // Nothing personal rests here; that it was asked for does.
      return payment.customerErased ? duplicate : changed({ ...payment, customerErased: true })
    case 'Held':
    case 'Refused':
    case 'Captured':
    case 'Gone':
    case 'RefundSucceeded':
    case 'RefundFailed':
      return learned(payment, input, now)
    case 'OutcomeUnknown':
      return becameUnknown(payment, input, now)
    case 'GaveUp':
      return gaveUp(payment, input, now)
    case 'NeverSent':
      return neverSent(payment)
    case 'DeadlineReached':
      return expiring(payment, now)
    case 'ResolveReview':
      return resolved(payment, input, now)
    default:
      return input satisfies never
  }
}

function confirmed(payment: Payment): Answer {
  const waits = payment.position.at === 'none' || payment.position.at === 'held'
  return waits && payment.goal === 'hold' ? changed({ ...payment, goal: 'capture' }) : ignored
}

/** Also once all is refunded: the bank may still reverse a refund, and then the money has nowhere to stay. */
function cancelled(payment: Payment): Answer {
  if (payment.position.at === 'gone' || payment.goal === 'release') return ignored
  const letGo = changed({ ...payment, goal: 'release' })
  const { operation } = payment
  const maybeUnsent = operation?.does === 'authorise' && operation.is === 'running'
  return maybeUnsent ? { ...letGo, withdraws: ['Authorise'] } : letGo
}

function learned(payment: Payment, fact: Fact, now: Date): Answer {
  switch (fact.type) {
    case 'Held':
      return held(payment, fact)
    case 'Refused':
      return refused(payment, fact, now)
    case 'Captured':
      return captured(payment, fact, { now, trusted: false })
    case 'Gone':
      return gone(payment, fact, { now, trusted: false })
    case 'RefundSucceeded':
      return refundSucceeded(payment, fact, now)
    case 'RefundFailed':
      return refundDidFail(payment, fact, now)
    default:
      return fact satisfies never
  }
}

function isFor({ operation }: Payment, attempt: Attempt): boolean {
  if (operation?.does !== 'refund') return operation?.does === attempt.operation
  return attempt.operation === 'refund' && attempt.refundId === operation.refundId
}

function becameUnknown(payment: Payment, input: OutcomeUnknown, now: Date): Answer {
  const { operation, orderId, merchantId } = payment
  if (operation === null || !isFor(payment, input)) return ignored
  if (operation.is === 'unknown') return duplicate
  const since = now.toISOString()
  return changed(
    { ...payment, operation: { ...operation, is: 'unknown', since } },
    { type: 'PaymentOutcomeUnknown', orderId, merchantId, operation: operation.does, since },
  )
}

function gaveUp(payment: Payment, input: GaveUp, now: Date): Answer {
  if (!isFor(payment, input)) return ignored
  const refund = input.operation === 'refund' ? { refundId: input.refundId } : {}
  return changed(inReview({ ...payment, operation: null }, reviewOf(input.operation, input.reason, { now, ...refund })))
}

/** Taken back because the order was cancelled: `next` does the rest. */
function neverSent(payment: Payment): Answer {
  if (payment.operation?.does !== 'authorise') return ignored
  return payment.goal === 'release' ? changed({ ...payment, operation: null }) : alarm
}

function expiring(payment: Payment, now: Date): Answer {
  const due = dueAt(payment)
  if (due === undefined || now < due) return ignored
  return changed({ ...payment, goal: 'release', releaseAs: 'expired' })
}

function resolved(payment: Payment, { fact, by }: ResolveReview, now: Date): Answer {
  const { review, operation } = payment
  if (review === null && operation?.is !== 'unknown') return refusal('not_in_review')
  const answer = byOperator(payment, fact, now)
  if (answer.is === 'refused') return answer
  if (answer.is !== 'change') return refusal('does_not_resolve')
  const known = reviewsOf(payment)
  const asksAnew = reviewsOf(answer.payment).some((each) => !known.includes(each))
  if (asksAnew && fact.type !== 'RefundFailed') return refusal('contradicts')
  const ends = review === null ? answer.payment.operation !== operation : answer.payment.review !== review
  if (ends) return { ...answer, resolved: { as: fact.type, by } }
  // It answers a part of what is asked, such as money that went back by hand, or a question behind: that counts.
  return review === null ? refusal('does_not_resolve') : answer
}

/** Two words only an operator has: `still held, try again`, and how much was really taken. */
function byOperator(payment: Payment, fact: Fact, now: Date): Answer {
  const { position, review } = payment
  if (fact.type === 'Captured') return captured(payment, fact, { now, trusted: true })
  if (fact.type === 'Gone') return gone(payment, fact, { now, trusted: true })
  if (fact.type !== 'Held' || position.at !== 'held' || review === null) return learned(payment, fact, now)
  return position.paymentId === fact.paymentId ? changed(answeredReviews(payment, () => true)) : alarm
}
