/** What the issuer says when this card is charged. */
export type Verdict =
  | { readonly is: 'approved'; readonly brand: string; readonly last4: string }
  | { readonly is: 'declined'; readonly code: string; readonly declineCode: string; readonly message: string }
  | { readonly is: 'challenged' }

const approved = (brand: string, last4: string): Verdict => ({ is: 'approved', brand, last4 })
const declined = (code: string, declineCode: string, message: string): Verdict => ({
  is: 'declined',
  code,
  declineCode,
  message,
})

const cards: ReadonlyMap<string, Verdict> = new Map([
  ['pm_card_visa', approved('visa', '4242')],
  ['pm_card_mastercard', approved('mastercard', '4444')],
  ['pm_card_amex', approved('amex', '8431')],
  ['pm_card_chargeDeclined', declined('card_declined', 'generic_decline', 'Your card was declined.')],
  [
    'pm_card_chargeDeclinedInsufficientFunds',
    declined('card_declined', 'insufficient_funds', 'Your card has insufficient funds.'),
  ],
  ['pm_card_chargeDeclinedExpiredCard', declined('expired_card', 'expired_card', 'Your card has expired.')],
  [
    'pm_card_chargeDeclinedIncorrectCvc',
    declined('incorrect_cvc', 'incorrect_cvc', "Your card's security code is incorrect."),
  ],
  [
    'pm_card_chargeDeclinedProcessingError',
    declined('processing_error', 'processing_error', 'An error occurred while processing your card. Try again later.'),
  ],
  ['pm_card_authenticationRequired', { is: 'challenged' }],
])

/** Stripe's test payment methods (docs.stripe.com/testing): the token decides. Undefined: there is no such method. */
export const verdictOn = (paymentMethod: string): Verdict | undefined => cards.get(paymentMethod)
