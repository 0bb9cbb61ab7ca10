import fc from 'fast-check'
import { captureBy, ids, payBy } from './orders.ts'
import type { OrderInput } from './table.ts'

/** Long enough for place, pay, refund, reverse, cancel and what comes after; short enough to be read when it fails. */
const maxInputs = 30

export const place: OrderInput = {
  ...ids,
  type: 'PlaceOrder',
  currency: 'EUR',
  totalMinor: 10n,
  items: [{ sku: 'pin', quantity: 10, unitPriceMinor: 1n }],
  customer: { email: 'ada@example.com' },
  paymentMethod: 'pm_card_visa',
}
// Few values, so that they meet: amounts round the total of 10, three refunds.
const amount = fc.bigInt({ min: 0n, max: 12n })
const totals = { capturedMinor: fc.oneof(amount, fc.constant(10n)), refundedMinor: amount }
const refundId = fc.constantFrom('r1', 'r2', 'r3')

function input<Type extends OrderInput['type'], Members>(
  type: Type,
  members: { [K in keyof Members]: fc.Arbitrary<Members[K]> },
) {
  return fc.record(members).map((some) => ({ type, ...ids, ...some }))
}

/** Anything a confused payment service, an impatient merchant and the clock might come up with, in any order. */
const anyInput: fc.Arbitrary<OrderInput> = fc.oneof(
  fc.constantFrom<OrderInput>(place, { type: 'CancelOrder' }, { type: 'EraseCustomer' }, { type: 'DeadlineReached' }),
  input('RequestRefund', { refundId, amountMinor: amount }),
  input('RequestRefund', { refundId }),
  input('PaymentAuthorized', {
    paymentId: fc.constant('p1'),
    amountMinor: fc.constantFrom(10n, 10n, 9n),
    currency: fc.constantFrom('EUR', 'EUR', 'USD'),
    expiresAt: fc.constant(captureBy),
  }),
  input('PaymentDeclined', { code: fc.constant('card_declined') }),
  input('PaymentCaptured', totals),
  input('PaymentCaptureFailed', { code: fc.constant('expired') }),
  input('PaymentVoided', { reason: fc.constantFrom('released', 'expired', 'external', 'never_charged') }),
  input('PaymentRefunded', {
    refundId,
    amountMinor: amount,
    ...totals,
    cause: fc.constant('requested' as const),
  }).chain((refunded) =>
    fc
      .constantFrom(refunded.capturedMinor - refunded.refundedMinor, 0n)
      .map((remainingMinor) => ({ ...refunded, remainingMinor })),
  ),
  input('PaymentRefundFailed', { refundId, code: fc.constant('expired'), ...totals, reversed: fc.boolean() }),
  input('PaymentOutcomeUnknown', { operation: fc.constant('capture' as const), since: fc.constant(payBy) }),
  input('PaymentReviewRequired', { operation: fc.constant('capture' as const), reason: fc.constant('gave up') }),
  input('PaymentReviewResolved', { as: fc.constant('captured'), by: fc.constant('grace') }),
)
/** Minutes until the next input: mostly soon, at times beyond a deadline. */
export const anySequence = fc.array(fc.tuple(anyInput, fc.constantFrom(0, 1, 20, 2_000)), { maxLength: maxInputs })
