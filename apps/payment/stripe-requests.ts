import type Stripe from 'stripe'
import { type EffectCall, failpoint } from '#messaging'
import { authenticationWanted, objectionOf } from './stripe-answers.ts'
import { withCharge } from './stripe-look-ups.ts'
import type { Authorise, RefundCall } from './vocabulary.ts'

/** So many refunds of one payment are looked through for ours. */
const refundsLookedThrough = 1_000

/** The requests of one call, each under a key derived from the call's. */
export class StripeRequests {
  readonly #stripe: Stripe
  readonly #call: EffectCall

  constructor(stripe: Stripe, call: EffectCall) {
    this.#stripe = stripe
    this.#call = call
  }

  /** An earlier attempt may have done it. */
  get isRepeated(): boolean {
    return this.#call.attempt > 1
  }

  /** Holds nothing yet, and gives the same intent however often. */
  create({ orderId, merchantId, currency, paymentMethod }: Authorise, amount: number) {
    return this.#send(() =>
      this.#stripe.paymentIntents.create(
        {
          amount,
          currency: currency.toLowerCase(),
          capture_method: 'manual',
          payment_method: paymentMethod,
          // Nobody is there to be sent anywhere.
          automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
          metadata: { orderId, merchantId },
        },
        this.#key('/create'),
      ),
    )
  }

  confirm(paymentId: string) {
    return this.#send(() => this.#stripe.paymentIntents.confirm(paymentId, withCharge, this.#key('/confirm')))
  }

  abandon(paymentId: string) {
    const params = { cancellation_reason: authenticationWanted }
    return this.#send(() => this.#stripe.paymentIntents.cancel(paymentId, params, this.#key('/cancel')))
  }

  retrieve(paymentId: string) {
    return this.#send(() => this.#stripe.paymentIntents.retrieve(paymentId, withCharge))
  }

  capture(paymentId: string, amount: number) {
    return this.#send(() =>
      this.#stripe.paymentIntents.capture(paymentId, { amount_to_capture: amount }, this.#key('')),
    )
  }

  void(paymentId: string) {
    const params = { cancellation_reason: 'requested_by_customer' } as const
    return this.#send(() => this.#stripe.paymentIntents.cancel(paymentId, params, this.#key('')))
  }

  refund({ orderId, merchantId, paymentId, refundId }: RefundCall, amount: number) {
    const params = { payment_intent: paymentId, amount, metadata: { orderId, merchantId, refundId } }
    return this.#send(() => this.#stripe.refunds.create(params, this.#key('')))
  }

  /** The refund that an earlier attempt made. */
  findRefund({ paymentId, refundId }: RefundCall) {
    return this.#send(async () => {
      const list = this.#stripe.refunds.list({ payment_intent: paymentId, limit: 100 })
      const refunds = await list.autoPagingToArray({ limit: refundsLookedThrough })
      return refunds.find(({ metadata }) => metadata?.['refundId'] === refundId)
    })
  }

  #key(suffix: string): Stripe.RequestOptions {
    return { idempotencyKey: `${this.#call.idempotencyKey}${suffix}` }
  }

  /** The SDK takes no signal: once the call is over, at least no further request is made in its name. */
  async #send<T>(request: () => Promise<T>): Promise<Answered<T>> {
    this.#call.signal.throwIfAborted()
    failpoint('gateway.asked')
    try {
      const value = await request()
      failpoint('gateway.answered')
      return { is: 'done', value }
    } catch (error) {
      return objectionOf(error)
    }
  }
}

export type Answered<T> = { readonly is: 'done'; readonly value: T } | ReturnType<typeof objectionOf>
