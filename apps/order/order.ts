import { alarm, type Decide, duplicate, type Input, ignored, notYet, refused } from '#messaging'
import { cancel, deadlineReached } from './cancellation.ts'
import { authorized, captured, captureFailed, declined, voided } from './payment-facts.ts'
import { paymentRefunded, paymentRefundFailed, requestRefund } from './refunds.ts'
import { about, applied, type Order, type OrderDecision, type OrderVocabulary, type PlaceOrder } from './vocabulary.ts'

export interface OrderLimits {
  /** From placing until the authorisation must be here, in milliseconds. */
  readonly payWithinMs: number
  /** From confirming until the capture must be here, in milliseconds. */
  readonly captureWithinMs: number
}

/**
 * The order as a state machine: pending, confirmed, paid, refunded or cancelled. A cancellation always wins and is
 * final at once; whether the money has followed is told by `settled`, never by the status.
 */
export function orderDecider(limits: OrderLimits): Decide<OrderVocabulary> {
  return (order, input, now) => {
    const payBy = later(now, limits.payWithinMs)
    const captureBy = later(now, limits.captureWithinMs)
    const decision =
      order === undefined ? decideNew(input, payBy, now) : decideExisting(order, input, { now, captureBy })
    if (decision.is !== 'applied') return decision
    return { ...decision, state: { ...decision.state, updatedAt: now.toISOString() } }
  }
}

/** Leaving the state revokes its deadline: there is nothing to delete. */
export function dueAt(order: Order): Date | undefined {
  switch (order.status) {
    case 'pending':
      return new Date(order.payBy)
    case 'confirmed':
      return new Date(order.captureBy)
    case 'paid':
    case 'refunded':
    case 'cancelled':
      return undefined
  }
}

function decideNew(input: Input<OrderVocabulary>, payBy: string, now: Date): OrderDecision {
  switch (input.type) {
    case 'PlaceOrder':
      return place(input, payBy, now)
    case 'CancelOrder':
    case 'RequestRefund':
    case 'EraseCustomer':
      return refused('order_not_found')
    case 'DeadlineReached':
      return alarm
    default:
      // Payment answers an order that was committed, only not visibly yet.
      return notYet
  }
}

function decideExisting(
  order: Order,
  input: Input<OrderVocabulary>,
  { now, captureBy }: { readonly now: Date; readonly captureBy: string },
): OrderDecision {
  switch (input.type) {
    case 'PlaceOrder':
      return duplicate
    case 'CancelOrder':
      return cancel(order)
    case 'RequestRefund':
      return requestRefund(order, input)
    case 'EraseCustomer':
      return eraseCustomer(order)
    case 'DeadlineReached':
      return deadlineReached(order, now)
    case 'PaymentAuthorized':
      return authorized(order, input, captureBy)
    case 'PaymentDeclined':
      return declined(order)
    case 'PaymentCaptured':
      return captured(order, input)
    case 'PaymentCaptureFailed':
      return captureFailed(order)
    case 'PaymentVoided':
      return voided(order, input)
    case 'PaymentRefunded':
      return paymentRefunded(order, input)
    case 'PaymentRefundFailed':
      return paymentRefundFailed(order, input)
    case 'PaymentReviewRequired':
      return order.onHold ? duplicate : hold(order, input.reason)
    case 'PaymentReviewResolved':
      return order.onHold ? resume(order, input.as) : duplicate
    case 'PaymentOutcomeUnknown':
      // For the console. Until payment knows more there is nothing an order could do about it.
      return ignored
    default:
      return impossible(input)
  }
}

function place({ type: _type, paymentMethod, ...placed }: PlaceOrder, payBy: string, now: Date): OrderDecision {
  const { orderId, merchantId, currency, totalMinor, items, customer } = placed
  const order: Order = {
    ...placed,
    status: 'pending',
    settled: false,
    capturedMinor: 0n,
    refundedMinor: 0n,
    refunds: [],
    onHold: false,
    payBy,
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
  }
  // The payment method goes to payment and is not kept: a token that is not here cannot leak from here.
  const ids = { orderId, merchantId }
  return applied(order, { type: 'OrderPlaced', ...ids, currency, totalMinor, items, customer, paymentMethod, payBy })
}

function eraseCustomer(order: Order): OrderDecision {
  if (order.customer.email === '') return duplicate
  // The merchant's metadata is free text and may name the customer.
  const { metadata: _metadata, ...rest } = order
  return applied({ ...rest, customer: { email: '' } }, { type: 'CustomerErased', ...about(order) })
}

function hold(order: Order, reason: string): OrderDecision {
  return applied({ ...order, onHold: true }, { type: 'OrderOnHold', ...about(order), reason })
}

function resume(order: Order, reason: string): OrderDecision {
  return applied({ ...order, onHold: false }, { type: 'OrderResumed', ...about(order), reason })
}

function later(now: Date, ms: number): string {
  return new Date(now.getTime() + ms).toISOString()
}

function impossible(input: never): never {
  throw new Error(`No such input: ${JSON.stringify(input)}`)
}
