import { captureBy, ids } from './orders.ts'
import { cancelledAlways, cancelledBy, everywhere, type Rows } from './table.ts'

const money = { currency: 'EUR', amountMinor: 10_000n }
const hold = { ...ids, ...money, type: 'PaymentAuthorized', paymentId: 'p1', expiresAt: captureBy } as const
const capture = { ...ids, type: 'PaymentCaptured', capturedMinor: 10_000n, refundedMinor: 0n } as const
export const holdsAndCaptures: Rows<
  'PaymentAuthorized' | 'PaymentDeclined' | 'PaymentCaptured' | 'PaymentCaptureFailed' | 'PaymentVoided'
> = {
  PaymentAuthorized: [
    {
      input: hold,
      answers: {
        nothing: 'not yet',
        pending: '→confirmed [OrderConfirmed]',
        ...everywhere('·'),
        X: '·',
        'X taken': '·',
        Z: '→X [OrderSettlementChanged]',
        'Z returned': '→X [OrderSettlementChanged]',
      },
    },
    ...[
      { ...hold, amountMinor: 9_999n },
      { ...hold, currency: 'USD' },
    ].map((input) => ({
      input,
      answers: {
        nothing: 'not yet',
        pending: cancelledBy('amount_mismatch'),
        ...everywhere('·'),
        X: '·',
        'X taken': '·',
        Z: '→X [OrderSettlementChanged]',
        'Z returned': '→X [OrderSettlementChanged]',
      },
    })),
  ],
  PaymentDeclined: [
    {
      input: { ...ids, type: 'PaymentDeclined', code: 'card_declined' },
      answers: {
        nothing: 'not yet',
        pending: '→Z [OrderCancelled payment_declined]',
        confirmed: '→Z [OrderCancelled payment_declined]',
        paid: 'alarm',
        refunded: 'alarm',
        X: '→Z [OrderSettlementChanged]',
        'X taken': 'alarm',
        Z: '·',
        'Z returned': '·',
      },
    },
  ],
  PaymentCaptured: [
    {
      input: capture,
      answers: {
        nothing: 'not yet',
        pending: '→paid [OrderConfirmed, OrderPaid]',
        confirmed: '→paid [OrderPaid]',
        paid: '=',
        refunded: 'alarm',
        X: '→X [OrderSettlementChanged]',
        'X taken': '=',
        Z: '→X [OrderSettlementChanged]',
        'Z returned': '→X [OrderSettlementChanged]',
      },
    },
    {
      input: { ...capture, refundedMinor: 3_000n },
      answers: {
        nothing: 'not yet',
        pending: '→paid [OrderConfirmed, OrderPaid]',
        confirmed: '→paid [OrderPaid]',
        paid: '→paid []',
        refunded: 'alarm',
        X: '→X [OrderSettlementChanged]',
        'X taken': '→X [OrderSettlementChanged]',
        Z: '→X [OrderSettlementChanged]',
        'Z returned': '→X [OrderSettlementChanged]',
      },
    },
    {
      input: { ...capture, refundedMinor: 10_000n },
      answers: {
        nothing: 'not yet',
        pending: '→paid [OrderConfirmed, OrderPaid]',
        confirmed: '→paid [OrderPaid]',
        paid: 'alarm',
        refunded: '=',
        X: '→X [OrderSettlementChanged]',
        'X taken': '→X [OrderSettlementChanged]',
        Z: '→Z [OrderSettlementChanged]',
        'Z returned': '=',
      },
    },
    ...[9_999n, 10_001n].map((capturedMinor) => ({
      input: { ...capture, capturedMinor },
      answers: {
        nothing: 'not yet',
        pending: cancelledBy('amount_mismatch'),
        confirmed: cancelledBy('amount_mismatch'),
        paid: 'alarm',
        refunded: 'alarm',
        ...cancelledAlways('→X [OrderSettlementChanged]'),
      },
    })),
    {
      input: { ...capture, refundedMinor: 10_001n },
      answers: { nothing: 'not yet', pending: 'alarm', ...everywhere('alarm'), ...cancelledAlways('alarm') },
    },
  ],
  PaymentCaptureFailed: [
    {
      input: { ...ids, type: 'PaymentCaptureFailed', code: 'expired' },
      answers: {
        nothing: 'not yet',
        pending: cancelledBy('capture_failed'),
        confirmed: cancelledBy('capture_failed'),
        paid: 'alarm',
        refunded: 'alarm',
        ...cancelledAlways('·'),
      },
    },
  ],
  PaymentVoided: (
    [
      ['expired', 'authorisation_expired'],
      ['external', 'voided_externally'],
      ['released', 'voided_externally'],
      ['never_charged', 'voided_externally'],
    ] as const
  ).map(([reason, because]) => ({
    input: { ...ids, type: 'PaymentVoided', reason },
    answers: {
      nothing: 'not yet',
      pending: `→Z [OrderCancelled ${because}]`,
      confirmed: `→Z [OrderCancelled ${because}]`,
      paid: 'alarm',
      refunded: 'alarm',
      X: '→Z [OrderSettlementChanged]',
      'X taken': 'alarm',
      Z: '·',
      'Z returned': '·',
    },
  })),
}
