import { captured } from './once-captured.ts'
import type { Table } from './table.ts'

const returning = [...captured, 'OrderCancelled'] as const
const late =
  'OrderConfirmed, OrderCancelled, Held, Held 999, Held USD, Refused *, NeverSent, Deadline *, Unknown *, GaveUp *'
const anotherIntent = 'Held pi_2, Captured pi_2, Gone pi_2'
const anotherAmount = 'Captured 900, Captured 1100, Captured USD'

export const whileReturning: Table = {
  'returning the money of a cancelled order': {
    given: returning,
    is: 'captured/release',
    answers: {
      '=': 'OrderPlaced, Captured',
      '→captured/release': 'CustomerErased',
      '→captured/release [RefundFailed r1 exceeds]': 'refund r1 300',
      '→captured/release [RefundFailed r9 exceeds]': 'refund r9 100, refund r9 1001',
      '→captured/release [RefundFailed r9 not_positive]': 'refund r9 0',
      '→captured/release review [ReviewRequired capture amount_differs]': anotherAmount,
      '→captured/release review [ReviewRequired capture gone_after_capture]': 'Gone cancelled, Gone expired',
      '→partially_refunded/release [Refunded r1 300 external, left 700]': 'Refunded r1 300',
      '→partially_refunded/release [Refunded r1 200 external, left 800]': 'Refunded r1 200',
      '→partially_refunded/release [Refunded x 100 external, left 900]': 'Refunded x 100',
      '→refunded/release [Refunded release 1000 released, left 0]': 'Refunded release 1000',
      '→refunded/release [Refunded x 1000 external, left 0]': 'Refunded x 1000',
      '→captured/release review [ReviewRequired refund refund_amount_differs]': 'Refunded x 1001',
      '→captured/release review [RefundFailed release card_declined, ReviewRequired refund refund_failed]':
        'RefundFailed release',
      '→captured/release unknown [OutcomeUnknown refund]': 'Unknown refund release',
      '→captured/release review [ReviewRequired refund no_answer]': 'GaveUp refund release',
      '·': `${late}, RefundFailed *`,
      alarm: anotherIntent,
      'refused not_in_review': 'says *',
    },
  },
  'the money of a cancelled order left, in review': {
    given: [...returning, 'RefundFailed release'],
    is: 'captured/release review',
    answers: {
      '=': 'OrderPlaced, Captured, RefundFailed release',
      '→captured/release review +1': `${anotherAmount}, Gone cancelled, Gone expired, Refunded x 1001`,
      '→captured/release review': 'CustomerErased',
      '→captured/release review [RefundFailed r1 exceeds]': 'refund r1 300',
      '→captured/release review [RefundFailed r9 exceeds]': 'refund r9 100, refund r9 1001',
      '→captured/release review [RefundFailed r9 not_positive]': 'refund r9 0',
      '→partially_refunded/release review [Refunded r1 300 external, left 700]':
        'Refunded r1 300, says Refunded r1 300',
      '→partially_refunded/release review [Refunded r1 200 external, left 800]':
        'Refunded r1 200, says Refunded r1 200',
      '→partially_refunded/release review [Refunded x 100 external, left 900]': 'Refunded x 100, says Refunded x 100',
      '→refunded/release [Refunded x 1000 external, left 0, ReviewResolved RefundSucceeded by gateway]':
        'Refunded x 1000',
      '·': `${late}, RefundFailed *`,
      alarm: `${anotherIntent}, Refunded release 1000`,
      '→refunded/release [Refunded x 1000 external, left 0, ReviewResolved RefundSucceeded by ops]':
        'says Refunded x 1000',
      'refused contradicts': 'says Gone cancelled, says Gone expired, says Refunded x 1001',
      'refused does_not_resolve': 'says *',
    },
  },
  'all refunded for a cancelled order': {
    given: [...returning, 'Refunded release 1000'],
    is: 'refunded/release',
    answers: {
      '=': 'OrderPlaced, Captured, Refunded release 1000',
      '→refunded/release': 'CustomerErased',
      '→refunded/release [RefundFailed r1 exceeds]': 'refund r1 300',
      '→refunded/release [RefundFailed r9 exceeds]': 'refund r9 100, refund r9 1001',
      '→refunded/release [RefundFailed r9 not_positive]': 'refund r9 0',
      '→refunded/release review [ReviewRequired capture amount_differs]': anotherAmount,
      '→refunded/release review [ReviewRequired capture gone_after_capture]': 'Gone cancelled, Gone expired',
      '→refunded/release review [ReviewRequired refund refund_amount_differs]':
        'Refunded r1 300, Refunded r1 200, Refunded x *',
      '→captured/release review [RefundFailed release card_declined reversed, ReviewRequired refund refund_failed]':
        'RefundFailed release',
      '·': `${late}, RefundFailed *`,
      alarm: anotherIntent,
      'refused not_in_review': 'says *',
    },
  },
}
