import type { Order, OrderVocabulary } from '../../apps/order/vocabulary.ts'
import type { Payment, PaymentVocabulary } from '../../apps/payment/vocabulary.ts'
import type { Verdict } from '../../apps/shared/messaging/decide/fold.ts'
import { capturedMinor, netMinor, refundedMinor } from './gateway-truth.ts'
import type { Move } from './moves.ts'
import { deadlines, type Product } from './product.ts'

/** What one move breaks, in words; nothing if all is well. */
export function brokenByMove(before: Product, { to, orderStep, paymentStep }: Move): readonly string[] {
  return [
    ...verdictsBroken([...(orderStep?.verdicts ?? []), ...(paymentStep?.verdicts ?? [])]),
    ...brokenBetween(before, to),
  ]
}

function verdictsBroken(verdicts: readonly Verdict<OrderVocabulary | PaymentVocabulary>[]): readonly string[] {
  return verdicts.flatMap((verdict) => {
    if (verdict.is === 'ignored' && verdict.because === 'alarm') return ['an alarm that nobody forged']
    return verdict.is === 'blocked' || verdict.is === 'repeat' ? [`a message in its turn is ${verdict.is}`] : []
  })
}

function brokenBetween(before: Product, { order, payment, call, truth }: Product): readonly string[] {
  const laws: readonly (readonly [string, boolean])[] = [
    ['cancelled never leaves cancelled', before.order?.status !== 'cancelled' || order?.status === 'cancelled'],
    // What the bank takes back afterwards is told afterwards.
    ['settled only when the net is zero', !isSettled(order) || netMinor(truth) === 0n || isReversed(truth.disturbed)],
    ['captured at most once', truth.captures <= 1],
    ['an operation has its call and a call its operation', (call === null) === ((payment?.operation ?? null) === null)],
    ['the call is the operation’s', call === null || call.effect.type.toLowerCase() === payment?.operation?.does],
    ['order: refunded ≤ captured ≤ total', order === undefined || soundOrder(order)],
    ['payment: refunded ≤ captured ≤ authorised', payment === undefined || soundPayment(payment)],
    ['the books have no more than the gateway', payment?.position.at !== 'taken' || truth.intent === 'taken'],
  ]
  return laws.flatMap(([law, holds]) => (holds ? [] : [law]))
}

const isSettled = (order: Order | undefined): boolean => order?.status === 'cancelled' && order.settled
const isReversed = (disturbed: readonly string[]): boolean =>
  disturbed.some((what) => what.startsWith('the bank reverses'))
const soundOrder = (order: Order): boolean =>
  order.refundedMinor <= order.capturedMinor && order.capturedMinor <= order.totalMinor
const soundPayment = ({ position, refunds }: Payment): boolean => {
  if (position.at !== 'taken') return true
  const returned = refunds.filter(({ status }) => status === 'succeeded')
  const sumMinor = returned.reduce((sum, { amountMinor }) => sum + amountMinor, 0n)
  const within = position.refundedMinor <= position.capturedMinor && position.capturedMinor <= position.authorisedMinor
  return within && sumMinor === position.refundedMinor
}

/** Which end this is, once nothing is on its way any more; undefined for one that must not be. */
export function endOf({ order, payment, truth }: Product): string | undefined {
  if (order === undefined || payment === undefined) return undefined
  if (order.onHold !== (payment.review !== null)) return undefined
  if (payment.review !== null) return `${order.status}, in review and on hold`
  if (order.refunds.some(({ status }) => status === 'pending')) return undefined
  if (order.capturedMinor !== capturedMinor(truth) || order.refundedMinor !== refundedMinor(truth)) return undefined
  switch (order.status) {
    case 'paid':
      return truth.captures === 1 && order.capturedMinor === order.totalMinor ? 'paid' : undefined
    case 'refunded':
      return netMinor(truth) === 0n ? 'refunded' : undefined
    case 'cancelled':
      return order.settled && netMinor(truth) === 0n ? 'cancelled and settled' : undefined
    case 'pending':
    case 'confirmed':
      return undefined
  }
}

/** Nothing is on its way: no event, no call, no deadline. */
export const isQuiet = ({ toOrder, toPayment, call, order, payment }: Product): boolean =>
  toOrder.length === 0 &&
  toPayment.length === 0 &&
  call === null &&
  deadlines.order(order) === undefined &&
  deadlines.payment(payment) === undefined
