import { ids, payBy } from './orders.ts'
import { cancelledAlways, everywhere, type Rows } from './table.ts'

const refund = {
  ...ids,
  type: 'PaymentRefunded',
  refundId: 'r1',
  amountMinor: 3_000n,
  capturedMinor: 10_000n,
  refundedMinor: 3_000n,
  remainingMinor: 7_000n,
  cause: 'requested',
} as const
const refundOfAll = { ...refund, amountMinor: 10_000n, refundedMinor: 10_000n, remainingMinor: 0n } as const
const refundFailed = {
  ...ids,
  type: 'PaymentRefundFailed',
  refundId: 'r1',
  code: 'insufficient_funds',
  capturedMinor: 10_000n,
} as const

export const refundsAndReviews: Rows<
  | 'PaymentRefunded'
  | 'PaymentRefundFailed'
  | 'PaymentReviewRequired'
  | 'PaymentReviewResolved'
  | 'PaymentOutcomeUnknown'
> = {
  PaymentRefunded: [
    {
      input: refund,
      answers: {
        nothing: 'not yet',
        pending: 'alarm',
        confirmed: 'alarm',
        paid: '→paid [OrderRefunded]',
        refunded: 'alarm',
        X: '→X [OrderSettlementChanged]',
        'X taken': '→X [OrderSettlementChanged]',
        Z: 'alarm',
        'Z returned': 'alarm',
      },
    },
    {
      input: refundOfAll,
      answers: {
        nothing: 'not yet',
        pending: 'alarm',
        confirmed: 'alarm',
        paid: '→refunded [OrderRefunded full]',
        refunded: '=',
        X: '→Z [OrderSettlementChanged]',
        'X taken': '→Z [OrderSettlementChanged]',
        Z: '→Z []',
        'Z returned': '→Z []',
      },
    },
    ...[
      { ...refundOfAll, remainingMinor: 1n },
      { ...refundOfAll, refundedMinor: 10_001n },
    ].map((input) => ({
      input,
      answers: { nothing: 'not yet', pending: 'alarm', ...everywhere('alarm'), ...cancelledAlways('alarm') },
    })),
  ],
  PaymentRefundFailed: [
    {
      input: { ...refundFailed, refundedMinor: 0n, reversed: true },
      answers: {
        nothing: 'not yet',
        pending: '·',
        confirmed: '·',
        paid: '→paid [OrderRefundFailed]',
        refunded: '→paid [OrderRefundFailed]',
        ...cancelledAlways('→X [OrderSettlementChanged]'),
      },
    },
    {
      input: { ...refundFailed, capturedMinor: 10_000n, refundedMinor: 10_000n, reversed: false },
      answers: {
        nothing: 'not yet',
        pending: '·',
        confirmed: '·',
        paid: '→refunded [OrderRefundFailed]',
        refunded: '→refunded [OrderRefundFailed]',
        X: '→X [OrderSettlementChanged]',
        'X taken': '→X [OrderSettlementChanged]',
        Z: '·',
        'Z returned': '·',
      },
    },
  ],
  PaymentReviewRequired: [
    {
      input: { ...ids, type: 'PaymentReviewRequired', operation: 'capture', reason: 'gave up' },
      answers: {
        nothing: 'not yet',
        pending: '→pending [OrderOnHold]',
        confirmed: '→confirmed [OrderOnHold]',
        paid: '→paid [OrderOnHold]',
        refunded: '→refunded [OrderOnHold]',
        X: '→X [OrderOnHold]',
        'X taken': '→X [OrderOnHold]',
        Z: '→Z [OrderOnHold]',
        'Z returned': '→Z [OrderOnHold]',
      },
    },
  ],
  PaymentReviewResolved: [
    {
      input: { ...ids, type: 'PaymentReviewResolved', as: 'captured', by: 'grace' },
      answers: { nothing: 'not yet', pending: '=', ...everywhere('='), ...cancelledAlways('=') },
    },
  ],
  PaymentOutcomeUnknown: [
    {
      input: { ...ids, type: 'PaymentOutcomeUnknown', operation: 'authorise', since: payBy },
      answers: { nothing: 'not yet', pending: '·', ...everywhere('·'), ...cancelledAlways('·') },
    },
  ],
}
