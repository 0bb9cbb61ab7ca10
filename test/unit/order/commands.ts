import { captureBy, ids, now, payBy } from './orders.ts'
import { cancelledAlways, cancelledBy, everywhere, type OrderInput, type Rows } from './table.ts'

type PaymentEvent = Extract<OrderInput['type'], `Payment${string}`>

export const commandsAndDeadlines: Rows<Exclude<OrderInput['type'], PaymentEvent>> = {
  PlaceOrder: [
    {
      input: {
        ...ids,
        type: 'PlaceOrder',
        currency: 'EUR',
        totalMinor: 10_000n,
        items: [{ sku: 'lamp', quantity: 2, unitPriceMinor: 5_000n }],
        customer: { email: 'ada@example.com', name: 'Ada' },
        paymentMethod: 'pm_card_visa',
      },
      answers: { nothing: '→pending [OrderPlaced]', pending: '=', ...everywhere('='), ...cancelledAlways('=') },
    },
  ],
  CancelOrder: [
    {
      input: { type: 'CancelOrder' },
      answers: {
        nothing: 'refused order_not_found',
        pending: cancelledBy('customer_request'),
        confirmed: cancelledBy('customer_request'),
        paid: cancelledBy('customer_request'),
        refunded: 'refused order_refunded',
        ...cancelledAlways('='),
      },
    },
  ],
  RequestRefund: [
    {
      input: { type: 'RequestRefund', refundId: 'r2', amountMinor: 7_000n },
      answers: {
        nothing: 'refused order_not_found',
        pending: 'refused order_not_paid',
        confirmed: 'refused order_not_paid',
        paid: '→paid [OrderRefundRequested]',
        refunded: 'refused refund_exceeds_captured',
        ...cancelledAlways('refused order_cancelled'),
      },
    },
    {
      input: { type: 'RequestRefund', refundId: 'r2', amountMinor: 7_001n },
      answers: {
        nothing: 'refused order_not_found',
        pending: 'refused order_not_paid',
        confirmed: 'refused order_not_paid',
        paid: 'refused refund_exceeds_captured',
        refunded: 'refused refund_exceeds_captured',
        ...cancelledAlways('refused order_cancelled'),
      },
    },
  ],
  EraseCustomer: [
    {
      input: { type: 'EraseCustomer' },
      answers: {
        nothing: 'refused order_not_found',
        pending: '→pending [CustomerErased]',
        confirmed: '→confirmed [CustomerErased]',
        paid: '→paid [CustomerErased]',
        refunded: '→refunded [CustomerErased]',
        X: '→X [CustomerErased]',
        'X taken': '→X [CustomerErased]',
        Z: '→Z [CustomerErased]',
        'Z returned': '→Z [CustomerErased]',
      },
    },
  ],
  DeadlineReached: [
    {
      input: { type: 'DeadlineReached' },
      at: now,
      answers: { nothing: 'alarm', pending: '·', ...everywhere('·'), ...cancelledAlways('·') },
    },
    {
      input: { type: 'DeadlineReached' },
      at: new Date(payBy),
      answers: {
        nothing: 'alarm',
        pending: cancelledBy('payment_timeout'),
        ...everywhere('·'),
        ...cancelledAlways('·'),
      },
    },
    {
      input: { type: 'DeadlineReached' },
      at: new Date(captureBy),
      answers: {
        nothing: 'alarm',
        pending: cancelledBy('payment_timeout'),
        confirmed: cancelledBy('capture_timeout'),
        paid: '·',
        refunded: '·',
        ...cancelledAlways('·'),
      },
    },
  ],
}
