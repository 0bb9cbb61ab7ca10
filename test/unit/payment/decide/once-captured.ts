import type { Table } from './table.ts'

export const captured = ['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured'] as const
const late = 'OrderConfirmed, Held, Held 999, Held USD, Refused *, NeverSent, Deadline *, Unknown *, GaveUp *'
const anotherIntent = 'Held pi_2, Captured pi_2, Gone pi_2'
const anotherAmount = 'Captured 900, Captured 1100, Captured USD'

export const onceCaptured: Table = {
  captured: {
    given: captured,
    is: 'captured/capture',
    answers: {
      '=': 'OrderPlaced, Captured',
      '→captured/release {Refund release 1000}': 'OrderCancelled',
      '→captured/capture': 'CustomerErased',
      '→captured/capture {Refund r1 300}': 'refund r1 300',
      '→captured/capture {Refund r9 100}': 'refund r9 100',
      '→captured/capture [RefundFailed r9 exceeds]': 'refund r9 1001',
      '→captured/capture [RefundFailed r9 not_positive]': 'refund r9 0',
      '→captured/capture review [ReviewRequired capture amount_differs]': anotherAmount,
      '→captured/capture review [ReviewRequired capture gone_after_capture]': 'Gone cancelled, Gone expired',
      '→partially_refunded/capture [Refunded r1 300 external, left 700]': 'Refunded r1 300',
      '→partially_refunded/capture [Refunded r1 200 external, left 800]': 'Refunded r1 200',
      '→partially_refunded/capture [Refunded x 100 external, left 900]': 'Refunded x 100',
      '→refunded/capture [Refunded release 1000 external, left 0]': 'Refunded release 1000',
      '→refunded/capture [Refunded x 1000 external, left 0]': 'Refunded x 1000',
      '→captured/capture review [ReviewRequired refund refund_amount_differs]': 'Refunded x 1001',
      '·': `${late}, RefundFailed *`,
      alarm: anotherIntent,
      'refused not_in_review': 'says *',
    },
  },
  'captured, a contradiction in review': {
    given: [...captured, 'Captured 900'],
    is: 'captured/capture review',
    answers: {
      '=': `OrderPlaced, Captured, ${anotherAmount}`,
      '→captured/capture review +1': 'Gone cancelled, Gone expired, Refunded x 1001',
      '→captured/release review': 'OrderCancelled',
      '→captured/capture review': 'CustomerErased, refund r1 300, refund r9 100',
      '→captured/capture review [RefundFailed r9 exceeds]': 'refund r9 1001',
      '→captured/capture review [RefundFailed r9 not_positive]': 'refund r9 0',
      '→partially_refunded/capture review [Refunded r1 300 external, left 700]':
        'Refunded r1 300, says Refunded r1 300',
      '→partially_refunded/capture review [Refunded r1 200 external, left 800]':
        'Refunded r1 200, says Refunded r1 200',
      '→partially_refunded/capture review [Refunded x 100 external, left 900]': 'Refunded x 100, says Refunded x 100',
      '→refunded/capture review [Refunded release 1000 external, left 0]':
        'Refunded release 1000, says Refunded release 1000',
      '→refunded/capture review [Refunded x 1000 external, left 0]': 'Refunded x 1000, says Refunded x 1000',
      '·': `${late}, RefundFailed *`,
      alarm: anotherIntent,
      '→captured/capture [ReviewResolved Captured by ops]': 'says Captured',
      '→captured/capture [Captured 900 refunded 0, ReviewResolved Captured by ops]': 'says Captured 900',
      'refused not_between_refunded_and_authorised': 'says Captured 1100, says Captured USD',
      'refused contradicts': 'says Gone cancelled, says Gone expired, says Refunded x 1001',
      'refused does_not_resolve': 'says *',
    },
  },
  'partially refunded': {
    given: [...captured, 'refund r1 300', 'Refunded r1 300'],
    is: 'partially_refunded/capture',
    answers: {
      '=': 'OrderPlaced, Captured, refund r1 300, Refunded r1 300, Refunded r1 200',
      '→partially_refunded/release {Refund release 700}': 'OrderCancelled',
      '→partially_refunded/capture': 'CustomerErased',
      '→partially_refunded/capture {Refund r9 100}': 'refund r9 100',
      '→partially_refunded/capture [RefundFailed r9 exceeds]': 'refund r9 1001',
      '→partially_refunded/capture [RefundFailed r9 not_positive]': 'refund r9 0',
      '→partially_refunded/capture review [ReviewRequired capture amount_differs]': anotherAmount,
      '→partially_refunded/capture review [ReviewRequired capture gone_after_capture]': 'Gone cancelled, Gone expired',
      '→partially_refunded/capture [Refunded x 100 external, left 600]': 'Refunded x 100',
      '→partially_refunded/capture review [ReviewRequired refund refund_amount_differs]':
        'Refunded release 1000, Refunded x 1000, Refunded x 1001',
      '→captured/capture [RefundFailed r1 card_declined reversed]': 'RefundFailed r1',
      '·': `${late}, RefundFailed *`,
      alarm: anotherIntent,
      'refused not_in_review': 'says *',
    },
  },
  'refunded by somebody else': {
    given: [...captured, 'Refunded x 1000'],
    is: 'refunded/capture',
    answers: {
      '=': 'OrderPlaced, Captured, Refunded x *',
      '→refunded/release': 'OrderCancelled',
      '→refunded/capture': 'CustomerErased',
      '→refunded/capture [RefundFailed r1 exceeds]': 'refund r1 300',
      '→refunded/capture [RefundFailed r9 exceeds]': 'refund r9 100, refund r9 1001',
      '→refunded/capture [RefundFailed r9 not_positive]': 'refund r9 0',
      '→refunded/capture review [ReviewRequired capture amount_differs]': anotherAmount,
      '→refunded/capture review [ReviewRequired capture gone_after_capture]': 'Gone cancelled, Gone expired',
      '→refunded/capture review [ReviewRequired refund refund_amount_differs]':
        'Refunded r1 300, Refunded r1 200, Refunded release 1000',
      '→captured/capture [RefundFailed x card_declined reversed]': 'RefundFailed x',
      '·': `${late}, RefundFailed *`,
      alarm: anotherIntent,
      'refused not_in_review': 'says *',
    },
  },
}
