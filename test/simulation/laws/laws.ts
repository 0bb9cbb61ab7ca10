import type { Notification } from '../../../apps/notification/vocabulary.ts'
import type { Order } from '../../../apps/order/vocabulary.ts'
import type { Payment, Review } from '../../../apps/payment/vocabulary.ts'
import { later } from '../../support/system/order-path.ts'
import type { Client } from '../world/client.ts'
import { type Gateway, type Intent, leftMinor, refundedMinor } from '../world/gateway.ts'
import type { Ledger } from './ledger.ts'

/** One order as everybody has it: the services say so, the gateway and the client know. */
export interface View {
  readonly client: Client
  readonly order: Order | undefined
  readonly payment: Payment | undefined
  readonly notification: Notification | undefined
  readonly gateway: Gateway
  readonly ledger: Ledger
  readonly intents: readonly Intent[]
  /** A call to the gateway is outstanding. */
  readonly isCalling: boolean
  readonly isOperatorHeard: boolean
}

type Laws = readonly (readonly [isBroken: boolean, what: string])[]

const sum = (intents: readonly Intent[], of: (intent: Intent) => bigint): bigint =>
  intents.reduce((sumMinor, intent) => sumMinor + of(intent), 0n)
const capturedAll = (intents: readonly Intent[]): bigint => sum(intents, ({ capturedMinor }) => capturedMinor)
const refundedAll = (intents: readonly Intent[]): bigint => sum(intents, refundedMinor)
const isHolding = ({ is }: Intent): boolean => is === 'held'
const isOut = (intent: Intent): boolean => isHolding(intent) || leftMinor(intent) > 0n

/** What must hold at every moment. @returns the first law that does not, in words */
export function brokenNow(view: View): string | undefined {
  const { order, payment, intents, isCalling } = view
  return firstOf([
    [intents.filter(({ is }) => is === 'held' || is === 'captured').length > 1, 'an order is held or charged twice'],
    [
      (payment !== undefined && payment.operation !== null) !== isCalling,
      'an operation has no call, or a call no operation',
    ],
    ...(order === undefined ? [] : ordersLaws(order, view)),
  ])
}

function ordersLaws(order: Order, { client, intents, gateway }: View): Laws {
  const isPaid = order.status === 'paid' || order.status === 'refunded'
  const promisedMinor = order.refunds.reduce(
    (sumMinor, { status, amountMinor }) => (status === 'pending' ? sumMinor + amountMinor : sumMinor),
    order.refundedMinor,
  )
  return [
    [order.status === 'cancelled' && order.settled && intents.some(isOut), 'settled, and money is held or kept'],
    [order.capturedMinor > capturedAll(intents), 'an order says that more was taken than was'],
    [order.refundedMinor > refundedAll(intents), 'an order says that more went back than did'],
    [isPaid && order.capturedMinor !== client.totalMinor, 'paid, and another amount than the total was taken'],
    // What others have captured while it was let go of goes back unasked, and may cross what was just asked for.
    [
      isPaid && promisedMinor > order.capturedMinor && !gateway.did(order.orderId, 'captured by others'),
      'more is promised back than was taken',
    ],
    [client.isCancelled && order.status !== 'cancelled', 'a granted cancellation is undone'],
  ]
}

/** The status has changed. @returns what is wrong with that */
export function brokenByChange(
  before: Order | undefined,
  order: Order,
  view: View & { readonly at: number },
): string | undefined {
  const isAllowed =
    before === undefined || before.status === order.status || later[before.status].includes(order.status)
  if (!isAllowed) return 'an order goes where it may not'
  if (order.status !== 'cancelled' || before?.status === 'cancelled') return undefined
  return isReasonTrue(order, before, view) ? undefined : `cancelled without reason: ${order.reason}`
}

function isReasonTrue(
  { orderId, reason }: Extract<Order, { status: 'cancelled' }>,
  before: Order | undefined,
  { client, gateway, payment, isOperatorHeard, at }: View & { readonly at: number },
): boolean {
  const did = gateway.did.bind(gateway, orderId)
  switch (reason) {
    case 'customer_request':
      return client.wished.includes('cancel')
    case 'payment_timeout':
      return before !== undefined && at >= Date.parse(before.payBy)
    case 'capture_timeout':
      return before?.captureBy !== undefined && at >= Date.parse(before.captureBy)
    case 'payment_declined':
      return did('declined') || isOperatorHeard
    case 'capture_failed':
      return did('capture refused') || did('let go by others')
    case 'authorisation_expired':
      return did('let go by others') || payment?.releaseAs === 'expired'
    case 'voided_externally':
      return did('let go by others')
    case 'amount_mismatch':
      return did('another amount')
  }
}

/** What must be so before a payment may ask for a person. `askedMs`: since its call was wanted for the first time. */
export function isReviewExplained(
  { operation, reason }: Review,
  { gateway, orderId, askedMs }: { readonly gateway: Gateway; readonly orderId: string; readonly askedMs: number },
): boolean {
  switch (reason) {
    case 'no_answer':
      return askedMs >= horizonMs
    case 'not_found':
      return gateway.did(orderId, 'objected')
    case 'refund_failed':
      return gateway.did(orderId, 'refund failed') || gateway.did(orderId, 'objected') || askedMs >= horizonMs
    case 'amount_differs':
      return gateway.did(orderId, 'another amount') && gateway.did(orderId, 'captured by others')
    default:
      return operation === 'void' && gateway.did(orderId, 'void refused')
  }
}
/** An unknown outcome is asked for again for 20 hours, of a clock that may have been set back now and then. */
const horizonMs = 19 * 60 * 60 * 1_000

/** What must hold when nothing more will happen. */
export function brokenAtTheEnd(view: View): string | undefined {
  const { client, order, payment, intents, notification, ledger } = view
  if (!client.isPlaced || !client.isAnswered) return 'a client waits for ever'
  if (order === undefined || payment === undefined || notification === undefined)
    return 'somebody has never heard of an order'
  const isInReview = payment.review !== null
  const clearing = ledger.balanceMinor(client.orderId, 'gateway_clearing')
  const isEnded =
    order.status === 'paid' || order.status === 'refunded' || (order.status === 'cancelled' && order.settled)
  return firstOf([
    [!isEnded && !isInReview, 'an order has not ended'],
    [order.status === 'pending' || order.status === 'confirmed', 'no deadline has ended an order that goes nowhere'],
    [order.onHold !== isInReview, 'on hold and in review are not the same'],
    [!isInReview && order.refunds.some(({ status }) => status === 'pending'), 'a refund waits for ever'],
    [!isInReview && order.capturedMinor !== capturedAll(intents), 'ended, and the gateway has taken another amount'],
    [!isInReview && order.refundedMinor !== refundedAll(intents), 'ended, and the gateway has returned another amount'],
    [!isInReview && intents.some(isHolding), 'ended, and money is held'],
    [!isInReview && clearing !== sum(intents, leftMinor), 'ended, and the ledger has another amount than the gateway'],
    [!isInReview && ledger.balanceMinor(client.orderId, 'held') !== 0n, 'ended, and the ledger has a hold'],
    [order.status === 'refunded' && intents.some(isOut), 'refunded, and money was kept'],
    [order.status === 'refunded' && !isRefundWanted(view), 'refunded, and nobody wanted it'],
    [client.refundIds.some((id) => !order.refunds.some((refund) => refund.id === id)), 'a granted refund is forgotten'],
  ])
}

/** What somebody else has captured while we let go of it goes back by itself. */
function isRefundWanted({ client, gateway }: View): boolean {
  return client.wished.some((wish) => wish.startsWith('refund')) || gateway.did(client.orderId, 'captured by others')
}

function firstOf(laws: Laws): string | undefined {
  for (const [isBroken, what] of laws) if (isBroken) return what
  return undefined
}

/** The end in one word, for the count of ends. */
export function endOf({ order, payment }: View): string {
  if (order === undefined) return 'nothing'
  if (payment?.review) return `${order.status}, in review: ${payment.review.operation} ${payment.review.reason}`
  return order.status === 'cancelled' ? `cancelled: ${order.reason}` : order.status
}
