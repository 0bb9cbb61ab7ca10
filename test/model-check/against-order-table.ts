import type { Order, OrderVocabulary } from '../../apps/order/vocabulary.ts'
import type { Verdict } from '../../apps/shared/messaging/decide/fold.ts'
import type { Given } from '../unit/order/orders.ts'
import type { OrderInput } from '../unit/order/table.ts'
import { transitions } from '../unit/order/transitions.ts'

/** What the order's hand-written table answers, in its own words. */
export function orderTableSays(order: Order | undefined, input: OrderInput, at: Date): string | undefined {
  const finer = order === undefined ? undefined : whereTheTableIsCoarse(order, input)
  return finer ?? transitions[input.type][rowOf(order, input, at)]?.answers[givenOf(order)]
}

/** The table has one order for each state, never on hold and with one refund waiting. */
function whereTheTableIsCoarse(order: Order, input: OrderInput): string | undefined {
  if (input.type === 'RequestRefund' && order.status === 'paid') {
    return order.refunds.some(({ id }) => id === input.refundId) ? '=' : undefined
  }
  if (!order.onHold) return undefined
  if (input.type === 'PaymentReviewRequired') return '='
  return input.type === 'PaymentReviewResolved' ? `→${nameOf(order)} [OrderResumed]` : undefined
}

function givenOf(order: Order | undefined): Given {
  if (order === undefined) return 'nothing'
  if (order.status !== 'cancelled') return order.status
  if (order.settled) return order.capturedMinor === 0n ? 'Z' : 'Z returned'
  return order.capturedMinor === 0n ? 'X' : 'X taken'
}

/** Which of an input's rows: they differ in what counts, an amount that fits or a time that has come. */
function rowOf(order: Order | undefined, input: OrderInput, at: Date): number {
  switch (input.type) {
    case 'DeadlineReached':
      if (order?.captureBy !== undefined && at >= new Date(order.captureBy)) return 2
      return order !== undefined && at >= new Date(order.payBy) ? 1 : 0
    case 'RequestRefund': {
      const left = (order?.capturedMinor ?? 0n) - (order?.refundedMinor ?? 0n)
      return left > 0n && (input.amountMinor ?? left) <= left ? 0 : 1
    }
    case 'PaymentCaptured':
      if (input.refundedMinor === 0n) return 0
      return input.refundedMinor === input.capturedMinor ? 2 : 1
    case 'PaymentVoided':
      return transitions.PaymentVoided.findIndex((row) => row.input.reason === input.reason)
    case 'PaymentRefunded':
      return input.remainingMinor === 0n ? 1 : 0
    case 'PaymentRefundFailed':
      return input.refundedMinor === input.capturedMinor ? 1 : 0
    default:
      return 0
  }
}

export function orderInWords(verdict: Verdict<OrderVocabulary>): string {
  switch (verdict.is) {
    case 'applied':
      return `→${nameOf(verdict.state)} [${verdict.events.map(eventInWords).join(', ')}]`
    case 'ignored':
      return { late: '·', duplicate: '=', alarm: 'alarm' }[verdict.because]
    case 'refused':
      return `refused ${verdict.because}`
    case 'blocked':
      return verdict.because === 'not-yet' ? 'not yet' : verdict.because
    default:
      return verdict.is
  }
}

function nameOf(order: Order): string {
  if (order.status !== 'cancelled') return order.status
  return order.settled ? 'Z' : 'X'
}

function eventInWords(event: OrderVocabulary['said']): string {
  if (event.type === 'OrderCancelled') return `${event.type} ${event.reason}`
  return event.type === 'OrderRefunded' && event.full ? `${event.type} full` : event.type
}
