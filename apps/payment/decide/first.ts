import type { EventOf } from '#contracts'
import { alarm, type Decision, type Input, notYet, refused as refusal } from '#messaging'
import type { Payment, PaymentVocabulary } from '../vocabulary.ts'

/**
 * What means something while there is no payment: that its order was placed. Any other event of the order has overtaken
 * it and must wait; an answer to a call that nobody made is for somebody to look at.
 */
export function decideFirst(input: Input<PaymentVocabulary>, now: Date): Decision<PaymentVocabulary> {
  switch (input.type) {
    case 'OrderPlaced':
      return placed(input, now)
    case 'OrderConfirmed':
    case 'OrderCancelled':
    case 'OrderRefundRequested':
    case 'CustomerErased':
      return notYet
    case 'ResolveReview':
      return refusal('no_such_payment')
    case 'Held':
    case 'Refused':
    case 'Captured':
    case 'Gone':
    case 'RefundSucceeded':
    case 'RefundFailed':
    case 'OutcomeUnknown':
    case 'GaveUp':
    case 'NeverSent':
    case 'DeadlineReached':
      return alarm
    default:
      return input satisfies never
  }
}

function placed(order: EventOf<'OrderPlaced'>, now: Date): Decision<PaymentVocabulary> {
  const { orderId, merchantId, currency, totalMinor: amountMinor, paymentMethod } = order
  const state: Payment = {
    orderId,
    merchantId,
    amountMinor,
    currency,
    position: { at: 'none' },
    goal: 'hold',
    releaseAs: 'released',
    operation: { does: 'authorise', is: 'running', since: now.toISOString() },
    review: null,
    refunds: [],
    customerErased: false,
    status: 'authorising',
    condition: 'ok',
  }
  return {
    is: 'applied',
    state,
    events: [],
    effects: [{ type: 'Authorise', orderId, merchantId, amountMinor, currency, paymentMethod }],
  }
}
