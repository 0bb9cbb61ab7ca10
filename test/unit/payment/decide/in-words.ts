import type { Decision } from '#messaging'
import type { Payment, PaymentVocabulary } from '../../../../apps/payment/vocabulary.ts'

type Said = PaymentVocabulary['said']
type Effect = PaymentVocabulary['effect']

/** `→status/goal condition [events] {calls}`, `·` late, `=` duplicate, `alarm`, `refused why`, `not yet`. */
export function inWords(decision: Decision<PaymentVocabulary>): string {
  switch (decision.is) {
    case 'applied': {
      const { state, events, effects, withdraws = [] } = decision
      const calls = [...effects.map(effectInWords), ...withdraws.map((type) => `withdraw ${type}`)]
      const said = events.length === 0 ? '' : ` [${events.map(eventInWords).join(', ')}]`
      return `→${stateInWords(state)}${said}${calls.length === 0 ? '' : ` {${calls.join(', ')}}`}`
    }
    case 'ignored':
      return { late: '·', duplicate: '=', alarm: 'alarm' }[decision.because]
    case 'refused':
      return `refused ${decision.because}`
    case 'notYet':
      return 'not yet'
  }
}

/** The goal is of no interest once the money is gone. `+1`: another review waits behind the one that is asked. */
export function stateInWords({ status, goal, position, condition, reviewsBehind = [] }: Payment): string {
  const behind = reviewsBehind.length === 0 ? '' : ` +${reviewsBehind.length}`
  return `${status}${position.at === 'gone' ? '' : `/${goal}`}${condition === 'ok' ? '' : ` ${condition}`}${behind}`
}

function effectInWords(effect: Effect): string {
  switch (effect.type) {
    case 'Authorise':
    case 'Capture':
      return `${effect.type} ${effect.amountMinor}`
    case 'Void':
      return `Void ${effect.paymentId}`
    case 'Refund':
      return `Refund ${effect.refundId} ${effect.amountMinor}`
  }
}

function eventInWords(event: Said): string {
  switch (event.type) {
    case 'PaymentAuthorized':
      return `Authorized ${event.amountMinor} ${event.currency}`
    case 'PaymentDeclined':
      return `Declined ${event.code}`
    case 'PaymentCaptured':
      return `Captured ${event.capturedMinor} refunded ${event.refundedMinor}`
    case 'PaymentCaptureFailed':
      return `CaptureFailed ${event.code}`
    case 'PaymentVoided':
      return `Voided ${event.reason}`
    case 'PaymentRefunded':
      return `Refunded ${event.refundId} ${event.amountMinor} ${event.cause}, left ${event.remainingMinor}`
    case 'PaymentRefundFailed':
      return `RefundFailed ${event.refundId} ${event.code}${event.reversed ? ' reversed' : ''}`
    case 'PaymentOutcomeUnknown':
      return `OutcomeUnknown ${event.operation}`
    case 'PaymentReviewRequired':
      return `ReviewRequired ${event.operation} ${event.reason}`
    case 'PaymentReviewResolved':
      return `ReviewResolved ${event.as} by ${event.by}`
  }
}
