import type { EffectCall } from '#messaging'
import type { Authorise, Capture, Fact, GaveUp, RefundCall, Void } from '../vocabulary.ts'

/**
 * The port to whoever moves the money. A call may come again with the same idempotency key, and may have been performed
 * before: it answers with what is true at the gateway now. Each answers with a fact, or gives up where an answer can
 * never be right. It throws `NotPerformed` where the gateway refused to look at the call, and anything else where
 * nobody knows what became of it. A refusal is never made of a failure: a bad API key must not decline every order.
 */
export interface Gateway {
  /** Holds the money; takes nothing. */
  authorise(hold: Authorise, call: EffectCall): Promise<GatewayWord>
  capture(capture: Capture, call: EffectCall): Promise<GatewayWord>
  void(release: Void, call: EffectCall): Promise<GatewayWord>
  refund(refund: RefundCall, call: EffectCall): Promise<GatewayWord>
}

export type GatewayWord = Fact | GaveUp
