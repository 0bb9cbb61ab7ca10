/** What becomes of a refund to this card: some fail, or succeed, only later. */
export type RefundManner = 'atOnce' | 'failsLater' | 'pendsFirst'

/** What the issuer says when this card is charged. */
export type Verdict =
  | { readonly is: 'approved'; readonly brand: string; readonly last4: string; readonly refunds: RefundManner }
  | { readonly is: 'declined'; readonly code: string; readonly declineCode: string; readonly message: string }
  | { readonly is: 'challenged' }

const approved = (brand: string, last4: string, refunds: RefundManner = 'atOnce'): Verdict => ({
  is: 'approved',
  brand,
  last4,
  refunds,
})
const declined = (code: string, declineCode: string, message: string): Verdict => ({
  is: 'declined',
  code,
  declineCode,
  message,
})
const no = 'Your card was declined.'
const poor = declined('card_declined', 'insufficient_funds', 'Your card has insufficient funds.')
const challenged: Verdict = { is: 'challenged' }

const cards: ReadonlyMap<string, Verdict> = new Map([
  ['pm_card_visa', approved('visa', '4242')],
  ['pm_card_visa_debit', approved('visa', '5556')],
  ['pm_card_mastercard', approved('mastercard', '4444')],
  ['pm_card_mastercard_debit', approved('mastercard', '8210')],
  ['pm_card_mastercard_prepaid', approved('mastercard', '5100')],
  ['pm_card_amex', approved('amex', '8431')],
  ['pm_card_discover', approved('discover', '1117')],
  ['pm_card_diners', approved('diners', '0004')],
  ['pm_card_jcb', approved('jcb', '0505')],
  ['pm_card_unionpay', approved('unionpay', '0005')],
  ['pm_card_refundFail', approved('visa', '5126', 'failsLater')],
  ['pm_card_pendingRefund', approved('visa', '7726', 'pendsFirst')],
  ['pm_card_chargeDeclined', declined('card_declined', 'generic_decline', no)],
  ['pm_card_visa_chargeDeclined', declined('card_declined', 'generic_decline', no)],
  ['pm_card_chargeDeclinedInsufficientFunds', poor],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', poor],
  ['pm_card_visa_chargeDeclinedLostCard', declined('card_declined', 'lost_card', no)],
  ['pm_card_visa_chargeDeclinedStolenCard', declined('card_declined', 'stolen_card', no)],
  ['pm_card_chargeDeclinedFraudulent', declined('card_declined', 'fraudulent', no)],
  [
    'pm_card_visa_chargeDeclinedVelocityLimitExceeded',
    declined(
      'card_declined',
      'card_velocity_exceeded',
      'Your card was declined for making repeated attempts too often.',
    ),
  ],
  ['pm_card_chargeCustomerFail', declined('card_declined', 'generic_decline', no)],
  ['pm_card_chargeDeclinedExpiredCard', declined('expired_card', 'expired_card', 'Your card has expired.')],
  [
    'pm_card_chargeDeclinedIncorrectCvc',
    declined('incorrect_cvc', 'incorrect_cvc', "Your card's security code is incorrect."),
  ],
  [
    'pm_card_chargeDeclinedProcessingError',
    declined('processing_error', 'processing_error', 'An error occurred while processing your card. Try again later.'),
  ],
  ['pm_card_authenticationRequired', challenged],
  ['pm_card_threeDSecure2Required', challenged],
  ['pm_card_threeDSecureRequired', challenged],
])

/** Stripe's test payment methods (docs.stripe.com/testing): the token decides. Undefined: there is no such method. */
export const verdictOn = (paymentMethod: string): Verdict | undefined => cards.get(paymentMethod)

export function refundsTo(paymentMethod: string | null): RefundManner {
  const verdict = verdictOn(paymentMethod ?? '')
  return verdict?.is === 'approved' ? verdict.refunds : 'atOnce'
}
