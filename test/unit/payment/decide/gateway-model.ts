import type { Authorise, GatewayAnswer, GatewayCall } from '../../../../apps/payment/vocabulary.ts'
import { expiresAt } from './inputs.ts'

/** How the gateway will treat one payment. */
export interface Temper {
  readonly declines: boolean
  readonly refusesCapture: boolean
  readonly failsRefunds: boolean
}

/** A gateway that does what it says and remembers it: the truth to which the payment's books are compared. */
export class GatewayModel {
  readonly #temper: Temper
  #intent: 'none' | 'held' | 'taken' | 'cancelled' = 'none'
  readonly #refunds = new Map<string, bigint>()
  #amountMinor = 0n

  constructor(temper: Temper) {
    this.#temper = temper
  }

  get holds(): boolean {
    return this.#intent === 'held'
  }
  get capturedMinor(): bigint {
    return this.#intent === 'taken' ? this.#amountMinor : 0n
  }
  get refundedMinor(): bigint {
    return [...this.#refunds.values()].reduce((sumMinor, amountMinor) => sumMinor + amountMinor, 0n)
  }

  /** The hold runs out. Nothing of our doing. */
  expire(): void {
    if (this.#intent === 'held') this.#intent = 'cancelled'
  }

  /** Performs the call, or repeats what it answered. */
  perform(call: GatewayCall): GatewayAnswer {
    switch (call.type) {
      case 'Authorise':
        return this.#authorise(call)
      case 'Capture':
        if (this.#intent === 'held' && this.#temper.refusesCapture) {
          return { type: 'Refused', operation: 'capture', code: 'refused' }
        }
        if (this.#intent === 'held') this.#intent = 'taken'
        return this.#state()
      case 'Void':
        if (this.#intent === 'held') this.#intent = 'cancelled'
        return this.#state()
      case 'Refund': {
        const { refundId, amountMinor } = call
        const leftMinor = this.capturedMinor - this.refundedMinor
        const known = this.#refunds.has(refundId)
        if (!known && (this.#temper.failsRefunds || amountMinor > leftMinor)) {
          return { type: 'RefundFailed', refundId, code: 'refused' }
        }
        this.#refunds.set(refundId, amountMinor)
        return { type: 'RefundSucceeded', refundId, amountMinor }
      }
    }
  }

  #authorise(call: Authorise): GatewayAnswer {
    if (this.#temper.declines) return { type: 'Refused', operation: 'authorise', code: 'declined' }
    if (this.#intent === 'none') this.#intent = 'held'
    this.#amountMinor = call.amountMinor
    return this.#state()
  }

  #state(): GatewayAnswer {
    const paymentId = 'pi_1'
    const amount = { amountMinor: this.#amountMinor, currency: 'EUR' }
    if (this.#intent === 'cancelled') return { type: 'Gone', paymentId, because: 'cancelled' }
    if (this.#intent === 'taken') return { type: 'Captured', paymentId, ...amount }
    return { type: 'Held', paymentId, ...amount, expiresAt }
  }
}
