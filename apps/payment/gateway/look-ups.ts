import type { Fact, Payment, RefundFailed, RefundSucceeded } from '../vocabulary.ts'

/**
 * The port to what is true at the gateway now, for when nobody has called or the call has no answer. Reads and changes
 * nothing. Throws `NotPerformed` where the gateway refused to look, and anything else where it cannot be reached.
 */
export interface GatewayLookUps {
  /** Undefined: the gateway has no such payment intent. */
  lookUp(paymentId: string, options?: LookUpOptions): Promise<Found | undefined>
  /** By our own reference, for when no intent is known. What was made a minute ago may not be found yet. */
  search(orderId: string): Promise<Found | undefined>
}

export interface LookUpOptions {
  /** Somebody said that a refund has changed: also those that left nothing returned are listed. */
  readonly withRefunds?: boolean
}

/** A payment intent with everything that became of it. */
export interface Found {
  readonly paymentId: string
  /** The order that it was made for, if it says so. */
  readonly orderId: string | undefined
  /** In the gateway's own word, for people. */
  readonly status: string
  /** Undefined while nothing is decided. */
  readonly fact: Fact | undefined
  /** The oldest first. Those on their way are left out. */
  readonly refunds: readonly (RefundSucceeded | RefundFailed)[]
}

/**
 * What of it concerns this payment, in the order in which it came true. Refunds name no intent: those of another one are
 * not the payment's, and its intent alone is told, so that `decide` says what is wrong.
 */
export function factsOf({ paymentId, fact, refunds }: Found, { position }: Payment): readonly Fact[] {
  if (fact === undefined) return []
  const isOurs = !('paymentId' in position) || position.paymentId === null || position.paymentId === paymentId
  return isOurs ? [fact, ...refunds] : [fact]
}
