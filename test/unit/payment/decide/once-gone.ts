import type { Table } from './table.ts'

const late =
  'OrderConfirmed, OrderCancelled, Refused *, Gone *, Refunded *, RefundFailed *, NeverSent, Deadline *, Unknown *, ' +
  'GaveUp *'
const lateCapture = {
  '→captured/release [Captured 1000 refunded 0] {Refund release 1000}': 'Captured, Captured pi_2',
  '→captured/release [Captured 900 refunded 0] {Refund release 900}': 'Captured 900',
  '→captured/release [Captured 1100 refunded 0] {Refund release 1100}': 'Captured 1100',
} as const
const lateHoldOfAnother = { '→voiding/release [Authorized 1000 EUR] {Void pi_2}': 'Held pi_2' } as const
const lateHold = {
  '→voiding/release [Authorized 1000 EUR] {Void pi_1}': 'Held',
  '→voiding/release [Authorized 999 EUR] {Void pi_1}': 'Held 999',
  '→voiding/release [Authorized 1000 USD] {Void pi_1}': 'Held USD',
  ...lateHoldOfAnother,
} as const

export const onceGone: Table = {
  declined: {
    given: ['OrderPlaced', 'Refused authorise'],
    is: 'declined',
    answers: {
      '=': 'OrderPlaced',
      '→declined': 'CustomerErased',
      '→declined [RefundFailed r1 not_captured]': 'refund r1 300',
      '→declined [RefundFailed r9 not_captured]': 'refund r9 *',
      ...lateHold,
      ...lateCapture,
      '→declined review [ReviewRequired capture amount_differs]': 'Captured USD',
      '·': late,
      'refused not_in_review': 'says *',
    },
  },
  'never charged': {
    given: ['OrderPlaced', 'OrderCancelled', 'NeverSent'],
    is: 'voided',
    answers: {
      '=': 'OrderPlaced',
      '→voided': 'CustomerErased',
      '→voided [RefundFailed r1 not_captured]': 'refund r1 300',
      '→voided [RefundFailed r9 not_captured]': 'refund r9 *',
      ...lateHold,
      ...lateCapture,
      '→voided review [ReviewRequired capture amount_differs]': 'Captured USD',
      '·': late,
      'refused not_in_review': 'says *',
    },
  },
  voided: {
    given: ['OrderPlaced', 'Held', 'OrderCancelled', 'Gone cancelled'],
    is: 'voided',
    answers: {
      '=': 'OrderPlaced',
      '→voided': 'CustomerErased',
      '→voided [RefundFailed r1 not_captured]': 'refund r1 300',
      '→voided [RefundFailed r9 not_captured]': 'refund r9 *',
      ...lateHoldOfAnother,
      ...lateCapture,
      '→voided review [ReviewRequired capture amount_differs]': 'Captured USD',
      '·': `${late}, Held, Held 999, Held USD`,
      'refused not_in_review': 'says *',
    },
  },
  expired: {
    given: ['OrderPlaced', 'Held', 'Gone expired'],
    is: 'expired',
    answers: {
      '=': 'OrderPlaced',
      '→expired': 'CustomerErased',
      '→expired [RefundFailed r1 not_captured]': 'refund r1 300',
      '→expired [RefundFailed r9 not_captured]': 'refund r9 *',
      ...lateHoldOfAnother,
      ...lateCapture,
      '→expired review [ReviewRequired capture amount_differs]': 'Captured USD',
      '·': `${late}, Held, Held 999, Held USD`,
      'refused not_in_review': 'says *',
    },
  },
}
