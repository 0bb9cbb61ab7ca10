/*
 * What the payment's table says of states that no column of it stands for: two things at once, a cancellation in review
 * or a refund under way while another one is in doubt. By kind of state; by answer, the kinds of inputs that get it,
 * separated by semicolons. Written by hand from the saga: `a fact ends its review`, `release goes on where it stood`.
 */

const repeats = {
  '=': 'RefundFailed failed; RefundFailed reversed; RefundSucceeded succeeded; OutcomeUnknown refund again',
}
/** One question is asked for all of the money that stays behind. */
const failedAgain = {
  '→taken/release review [RefundFailed card_declined]': 'RefundFailed pending; RefundFailed called for',
  '→taken/release review [RefundFailed card_declined reversed]': 'RefundFailed succeeded',
}
const failedInDoubt = {
  '→taken/release review [RefundFailed card_declined, ReviewResolved RefundFailed by gateway, ReviewRequired refund refund_failed]':
    'RefundFailed pending',
  // Somebody else has returned all of it meanwhile.
  '→taken/release [RefundFailed card_declined, ReviewResolved RefundFailed by gateway]': 'RefundFailed pending',
}

export const combinedStates: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'authorising/release (authorise)': { '=': 'OutcomeUnknown authorise again' },
  'authorising/release review (no call)': {
    '→taken/release [Authorized EUR, Captured, ReviewResolved Captured by gateway] {Refund}': 'Captured pi_1 1000 EUR',
    '→voided [Voided released, ReviewResolved Gone by gateway]': 'Gone pi_1 cancelled; Gone pi_1 expired',
    '→voiding/release [Authorized EUR, ReviewResolved Held by gateway] {Void pi_1}': 'Held pi_1 1000 EUR',
    '→declined [Declined card_declined, ReviewResolved Refused by gateway]': 'Refused authorise',
    '·': 'early deadline',
  },
  'capturing/release (capture, released)': { '=': 'OutcomeUnknown capture again' },
  'capturing/release review (no call, released)': {
    '→taken/release [Captured, ReviewResolved Captured by gateway] {Refund}': 'Captured pi_1 1000 EUR',
    '→voided [Voided released, ReviewResolved Gone by gateway]': 'Gone pi_1 cancelled; Gone pi_1 expired',
    '·': 'Held pi_1 1000 EUR; RefundSucceeded new, too much; early deadline',
  },
  'voiding/release (void, expired)': { '=': 'OutcomeUnknown void again' },
  'voiding/release review (no call, expired)': {
    '→taken/release [Captured, ReviewResolved Captured by gateway] {Refund}': 'Captured pi_1 1000 EUR',
    '→expired [Voided expired, ReviewResolved Gone by gateway]': 'Gone pi_1 cancelled; Gone pi_1 expired',
    '·': 'Held pi_1 1000 EUR; OrderCancelled; OrderConfirmed; early deadline',
  },
  'taken/capture (no call)': repeats,
  'taken/capture (refund)': repeats,
  'taken/capture review (no call, wishes)': repeats,
  'taken/release (no call)': repeats,
  'taken/release (refund)': {
    ...repeats,
    '→taken/release review [RefundFailed card_declined reversed, ReviewRequired refund refund_failed]':
      'RefundFailed succeeded',
    // Somebody else has returned all of it meanwhile.
    '→taken/release [RefundFailed card_declined]': 'RefundFailed called for',
  },
  'taken/release review (no call)': { ...repeats, ...failedAgain },
  'taken/release review (no call, wishes)': {
    '=': `${repeats['=']}; Captured pi_1 1000 EUR`,
    '·': 'Held pi_1 1000 EUR; OrderCancelled; OrderConfirmed; early deadline',
    '→taken/release review [RefundFailed exceeds]': 'OrderRefundRequested new',
    '→taken/release review +1 [RefundFailed card_declined reversed]': 'RefundFailed succeeded',
    ...failedInDoubt,
    '→taken/release review [Refunded]': 'RefundSucceeded new; RefundSucceeded pending',
    '→taken/release [Refunded, ReviewResolved RefundSucceeded by gateway]': 'RefundSucceeded pending',
    '→taken/release [Refunded, ReviewResolved RefundSucceeded by gateway] {Refund}': 'RefundSucceeded pending',
  },
  'taken/release review +1 (no call, wishes)': {
    '=': `${repeats['=']}; Captured pi_1 1000 EUR`,
    '·': 'Held pi_1 1000 EUR; early deadline',
    ...failedInDoubt,
    ...failedAgain,
    '→taken/release review [Refunded]': 'RefundSucceeded pending',
    '→taken/release review [Refunded, ReviewResolved RefundSucceeded by gateway, ReviewRequired refund refund_failed]':
      'RefundSucceeded pending',
  },
  'taken/release review (refund)': {
    '=': `${repeats['=']}; Captured pi_1 1000 EUR`,
    '·': 'Held pi_1 1000 EUR; early deadline',
    '→taken/release review [OutcomeUnknown refund]': 'OutcomeUnknown refund',
    '→taken/release review +1': 'GaveUp refund',
    ...failedAgain,
    '→taken/release review [Refunded]': 'RefundSucceeded called for',
  },
}
