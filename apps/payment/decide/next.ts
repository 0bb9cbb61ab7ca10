import type { GatewayCall, Operation, Payment, Refund, Taken } from '../vocabulary.ts'

/** What follows from a state by itself. */
export type Next =
  | { readonly is: 'nothing' }
  | { readonly is: 'operation'; readonly operation: Operation }
  /** Let go before the gateway was asked for anything. */
  | { readonly is: 'neverCharged' }
  /** A wish that fitted when it came and no longer does: somebody else has refunded meanwhile. */
  | { readonly is: 'unfit'; readonly refund: Refund }

const nothing: Next = { is: 'nothing' }

/**
 * The single next operation when none is outstanding. Everything else changes facts or the goal, and comes here.
 *
 * `none` with a goal of holding is the operation `authorise`, and that is named by OrderPlaced, which alone has the
 * payment method's token: from then on a payment at `none` has it outstanding or in review.
 */
export function next(payment: Payment): Next {
  if (payment.operation !== null || payment.review !== null) return nothing
  const { position, goal } = payment
  switch (position.at) {
    case 'none':
      return goal === 'release' ? { is: 'neverCharged' } : nothing
    case 'held':
      if (goal === 'hold') return nothing
      return { is: 'operation', operation: { does: goal === 'capture' ? 'capture' : 'void' } }
    case 'taken':
      return nextRefund(payment, position)
    case 'gone':
      return nothing
    default:
      return position satisfies never
  }
}

/** Wishes first, each under its own id, so that each gets its own answer; then the rest of a cancelled order's money. */
function nextRefund({ refunds, goal }: Payment, taken: Taken): Next {
  const leftMinor = taken.capturedMinor - taken.refundedMinor
  const wish = refunds.find(({ status }) => status === 'pending')
  if (wish !== undefined) {
    const { refundId, amountMinor } = wish
    if (amountMinor > leftMinor) return { is: 'unfit', refund: wish }
    return { is: 'operation', operation: { does: 'refund', refundId, amountMinor } }
  }
  if (goal !== 'release' || leftMinor === 0n) return nothing
  return { is: 'operation', operation: { does: 'refund', refundId: restId(refunds), amountMinor: leftMinor } }
}

/** A second rest is another refund, not a repeat of the first: it needs an id, and so a key, of its own. */
function restId(refunds: readonly Refund[]): string {
  const earlier = refunds.filter(({ refundId }) => refundId.startsWith('release')).length
  return earlier === 0 ? 'release' : `release-${earlier + 1}`
}

/** The call that carries an operation out. `authorise` is absent: see `next`. */
export function callFor(payment: Payment, operation: Operation): readonly GatewayCall[] {
  const { orderId, merchantId, currency, position } = payment
  if (position.at === 'none' || position.at === 'gone') return []
  const { paymentId } = position
  switch (operation.does) {
    case 'authorise':
      return []
    case 'capture':
      return [{ type: 'Capture', orderId, merchantId, paymentId, amountMinor: position.authorisedMinor, currency }]
    case 'void':
      return [{ type: 'Void', orderId, merchantId, paymentId }]
    case 'refund': {
      const { refundId, amountMinor } = operation
      return [{ type: 'Refund', orderId, merchantId, paymentId, refundId, amountMinor, currency }]
    }
    default:
      return operation satisfies never
  }
}
