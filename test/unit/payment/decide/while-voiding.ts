import type { Table } from './table.ts'

const held = ['OrderPlaced', 'Held'] as const
const voiding = [...held, 'OrderCancelled'] as const
const late =
  'OrderConfirmed, OrderCancelled, Held, Held 999, Held USD, Refused *, Refunded *, RefundFailed *, NeverSent, ' +
  'Deadline *, Unknown *, GaveUp *'
const anotherIntent = 'Held pi_2, Captured pi_2, Gone pi_2'

export const whileVoiding: Table = {
  voiding: {
    given: voiding,
    is: 'voiding/release',
    answers: {
      '=': 'OrderPlaced',
      '→voiding/release': 'CustomerErased',
      '→voiding/release [RefundFailed r1 not_captured]': 'refund r1 300',
      '→voiding/release [RefundFailed r9 not_captured]': 'refund r9 *',
      '→voiding/release review [ReviewRequired void card_declined]': 'Refused void',
      '→captured/release [Captured 1000 refunded 0] {Refund release 1000}': 'Captured',
      '→voided [Voided released]': 'Gone cancelled, Gone expired',
      '→voiding/release unknown [OutcomeUnknown void]': 'Unknown void',
      '→voiding/release review [ReviewRequired void no_answer]': 'GaveUp void',
      '→capturing/release review [ReviewRequired capture amount_differs]': 'Captured 900, Captured 1100, Captured USD',
      '·': late,
      alarm: anotherIntent,
      'refused not_in_review': 'says *',
    },
  },
  'voiding because it expires': {
    given: [...held, 'Deadline'],
    is: 'voiding/release',
    answers: {
      '=': 'OrderPlaced',
      '→voiding/release': 'CustomerErased',
      '→voiding/release [RefundFailed r1 not_captured]': 'refund r1 300',
      '→voiding/release [RefundFailed r9 not_captured]': 'refund r9 *',
      '→voiding/release review [ReviewRequired void card_declined]': 'Refused void',
      '→captured/release [Captured 1000 refunded 0] {Refund release 1000}': 'Captured',
      '→expired [Voided expired]': 'Gone cancelled, Gone expired',
      '→voiding/release unknown [OutcomeUnknown void]': 'Unknown void',
      '→voiding/release review [ReviewRequired void no_answer]': 'GaveUp void',
      '→capturing/release review [ReviewRequired capture amount_differs]': 'Captured 900, Captured 1100, Captured USD',
      '·': late,
      alarm: anotherIntent,
      'refused not_in_review': 'says *',
    },
  },
  'voiding after a refused capture': {
    given: [...held, 'OrderConfirmed', 'Refused capture'],
    is: 'voiding/release',
    answers: {
      '=': 'OrderPlaced',
      '→voiding/release': 'CustomerErased',
      '→voiding/release [RefundFailed r1 not_captured]': 'refund r1 300',
      '→voiding/release [RefundFailed r9 not_captured]': 'refund r9 *',
      '→voiding/release review [ReviewRequired void card_declined]': 'Refused void',
      '→captured/release [Captured 1000 refunded 0] {Refund release 1000}': 'Captured',
      '→voided [Voided released]': 'Gone cancelled, Gone expired',
      '→voiding/release unknown [OutcomeUnknown void]': 'Unknown void',
      '→voiding/release review [ReviewRequired void no_answer]': 'GaveUp void',
      '→capturing/release review [ReviewRequired capture amount_differs]': 'Captured 900, Captured 1100, Captured USD',
      '·': late,
      alarm: anotherIntent,
      'refused not_in_review': 'says *',
    },
  },
  'voiding, outcome unknown': {
    given: [...voiding, 'Unknown void'],
    is: 'voiding/release unknown',
    answers: {
      '=': 'OrderPlaced, Unknown void',
      '→voiding/release unknown': 'CustomerErased',
      '→voiding/release unknown [RefundFailed r1 not_captured]': 'refund r1 300',
      '→voiding/release unknown [RefundFailed r9 not_captured]': 'refund r9 *',
      '→voiding/release review [ReviewRequired void card_declined]': 'Refused void',
      '→captured/release [Captured 1000 refunded 0] {Refund release 1000}': 'Captured',
      '→voided [Voided released]': 'Gone cancelled, Gone expired',
      '→voiding/release review [ReviewRequired void no_answer]': 'GaveUp void',
      '→capturing/release review [ReviewRequired capture amount_differs]': 'Captured 900, Captured 1100, Captured USD',
      '·': late,
      alarm: anotherIntent,
      '→captured/release [Captured 1000 refunded 0, ReviewResolved Captured by ops] {Refund release 1000}':
        'says Captured',
      '→captured/release [Captured 900 refunded 0, ReviewResolved Captured by ops] {Refund release 900}':
        'says Captured 900',
      'refused more_than_authorised': 'says Captured 1100, says Captured USD',
      '→voided [Voided released, ReviewResolved Gone by ops]': 'says Gone cancelled, says Gone expired',
      'refused contradicts': 'says Refused void',
      'refused does_not_resolve': 'says *',
    },
  },
  'voiding, in review': {
    given: [...voiding, 'GaveUp void'],
    is: 'voiding/release review',
    answers: {
      '=': 'OrderPlaced',
      '→voiding/release review': 'CustomerErased',
      '→voiding/release review [RefundFailed r1 not_captured]': 'refund r1 300',
      '→voiding/release review [RefundFailed r9 not_captured]': 'refund r9 *',
      '→captured/release [Captured 1000 refunded 0, ReviewResolved Captured by gateway] {Refund release 1000}':
        'Captured',
      '→voided [Voided released, ReviewResolved Gone by gateway]': 'Gone cancelled, Gone expired',
      '→capturing/release review [ReviewResolved Captured by gateway, ReviewRequired capture amount_differs]':
        'Captured 900, Captured 1100, Captured USD',
      '·': late,
      alarm: anotherIntent,
      '→voiding/release [ReviewResolved Held by ops] {Void pi_1}': 'says Held, says Held 999, says Held USD',
      '→captured/release [Captured 1000 refunded 0, ReviewResolved Captured by ops] {Refund release 1000}':
        'says Captured',
      '→captured/release [Captured 900 refunded 0, ReviewResolved Captured by ops] {Refund release 900}':
        'says Captured 900',
      'refused more_than_authorised': 'says Captured 1100, says Captured USD',
      '→voided [Voided released, ReviewResolved Gone by ops]': 'says Gone cancelled, says Gone expired',
      'refused does_not_resolve': 'says *',
    },
  },
  'held, a capture of another amount in review': {
    given: [...held, 'Captured 900'],
    is: 'capturing/hold review',
    answers: {
      '=': 'OrderPlaced, Captured 900, Captured 1100, Captured USD, Gone cancelled, Gone expired',
      '→capturing/capture review': 'OrderConfirmed',
      '→capturing/release review': 'OrderCancelled',
      '→capturing/hold review': 'CustomerErased',
      '→capturing/hold review [RefundFailed r1 not_captured]': 'refund r1 300',
      '→capturing/hold review [RefundFailed r9 not_captured]': 'refund r9 *',
      '→voiding/release [CaptureFailed card_declined, ReviewResolved Refused by gateway] {Void pi_1}':
        'Refused capture',
      '→captured/capture [Captured 1000 refunded 0, ReviewResolved Captured by gateway]': 'Captured',
      '·': 'Held, Held 999, Held USD, Refused *, Refunded *, RefundFailed *, NeverSent, Deadline *, Unknown *, GaveUp *',
      alarm: anotherIntent,
      '→authorised/hold [ReviewResolved Held by ops]': 'says Held, says Held 999, says Held USD',
      '→voiding/release [CaptureFailed card_declined, ReviewResolved Refused by ops] {Void pi_1}':
        'says Refused capture',
      '→captured/capture [Captured 1000 refunded 0, ReviewResolved Captured by ops]': 'says Captured',
      '→captured/capture [Captured 900 refunded 0, ReviewResolved Captured by ops]': 'says Captured 900',
      'refused more_than_authorised': 'says Captured 1100, says Captured USD',
      '→voided [Voided external, ReviewResolved Gone by ops]': 'says Gone cancelled',
      '→expired [Voided expired, ReviewResolved Gone by ops]': 'says Gone expired',
      'refused does_not_resolve': 'says *',
    },
  },
}
