import type Stripe from 'stripe'
import { type EffectCall, failpoint } from '#messaging'
import type { Authorise, RefundCall } from '../../vocabulary.ts'
import { authenticationWanted, GatewayFailed, objectionOf } from './stripe-answers.ts'
import { searchIntent, withCharge } from './stripe-look-ups.ts'

/** So many refunds of one payment are looked through for ours. */
const refundsLookedThrough = 1_000

/** Keys of one request. Each is spent by a failure of the gateway that it keeps. */
const keysMax = 5

const paramsOf = ({ orderId, merchantId, currency, paymentMethod }: Authorise, amount: number) =>
  ({
    amount,
    currency: currency.toLowerCase(),
    capture_method: 'manual',
    payment_method: paymentMethod,
    // Nobody is there to be sent anywhere.
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { orderId, merchantId },
  }) as const

/** How to reach it, and for how long one request may take. */
export interface StripeAccess {
  readonly stripe: Stripe
  readonly requestTimeoutMs: number
}

/** A request under a key, in its time. */
type Request<T> = (options: Stripe.RequestOptions) => Promise<T>

/** The requests of one call, each under a key derived from the call's. */
export class StripeRequests {
  readonly #stripe: Stripe
  readonly #call: EffectCall
  readonly #requestTimeoutMs: number

  constructor({ stripe, requestTimeoutMs }: StripeAccess, call: EffectCall) {
    this.#stripe = stripe
    this.#requestTimeoutMs = requestTimeoutMs
    this.#call = call
  }

  /** An earlier attempt may have done it. */
  get isRepeated(): boolean {
    return this.#call.attempt > 1
  }

  /**
   * Holds nothing yet, and gives the same intent however often. Where the gateway fails at it time and again it may have
   * made one that we were never told of: that is looked for by our own reference.
   */
  async create(hold: Authorise, amount: number): Promise<Answered<Stripe.PaymentIntent>> {
    try {
      return await this.#sendAnew('/create', (options) =>
        this.#stripe.paymentIntents.create(paramsOf(hold, amount), options),
      )
    } catch (error) {
      if (!(error instanceof GatewayFailed) || !this.isRepeated) throw error
      const made = await this.#search(hold.orderId)
      // Not found is no proof: what was made a moment ago is not found yet.
      if (made === undefined) throw error
      return { is: 'done', value: made }
    }
  }

  confirm(paymentId: string) {
    return this.#sendAnew('/confirm', (options) => this.#stripe.paymentIntents.confirm(paymentId, withCharge, options))
  }

  abandon(paymentId: string) {
    const params = { cancellation_reason: authenticationWanted }
    return this.#sendAnew('/cancel', (options) => this.#stripe.paymentIntents.cancel(paymentId, params, options))
  }

  retrieve(paymentId: string) {
    return this.#send(() => this.#stripe.paymentIntents.retrieve(paymentId, withCharge))
  }

  capture(paymentId: string, amount: number) {
    return this.#sendAfterRefusal((options) =>
      this.#stripe.paymentIntents.capture(paymentId, { amount_to_capture: amount }, options),
    )
  }

  void(paymentId: string) {
    const params = { cancellation_reason: 'requested_by_customer' } as const
    return this.#sendAfterRefusal((options) => this.#stripe.paymentIntents.cancel(paymentId, params, options))
  }

  /** Under one key for ever: an intent's state does not tell whether this refund of it was made. */
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

  async #search(orderId: string): Promise<Stripe.PaymentIntent | undefined> {
    this.#call.signal.throwIfAborted()
    // Not everywhere is there a search.
    return await searchIntent(this.#stripe, orderId).catch(() => undefined)
  }

  /**
   * Under the call's own key; where the gateway only repeats a failure of its own under it, under the next one. For
   * requests about one intent: its state is the idempotency, and what was done is refused the second time. The first
   * key that is not spent is the same at every attempt.
   * @param refusalsAreSpent whether a refusal that is only repeated spends its key as well
   */
  async #sendAnew<T>(suffix: string, request: Request<T>, refusalsAreSpent = false): Promise<Answered<T>> {
    for (let number = 1; ; number += 1) {
      const key = this.#key(number === 1 ? suffix : `${suffix}/${number}`)
      const isLast = number === keysMax
      try {
        const answered = await this.#send(() => request(key))
        const isOld = refusalsAreSpent && answered.is === 'refused' && answered.isReplayed
        if (isLast || !isOld) return answered
      } catch (error) {
        const isSpent = this.isRepeated && error instanceof GatewayFailed && error.isReplayed
        if (isLast || !isSpent) throw error
      }
    }
  }

  /**
   * A refusal that is only repeated is an earlier one: an operator has said since that it is to be tried again, or its
   * answer was lost and nobody has acted on it.
   */
  #sendAfterRefusal<T>(request: Request<T>): Promise<Answered<T>> {
    return this.#sendAnew('', request, true)
  }

  /** The SDK takes no signal. A request that outlives its call could still do what an operator has not found done. */
  #key(suffix: string): Stripe.RequestOptions {
    const { idempotencyKey, endsAt } = this.#call
    const leftMs = Math.max(1, Math.ceil(endsAt - performance.now()))
    return { idempotencyKey: `${idempotencyKey}${suffix}`, timeout: Math.min(leftMs, this.#requestTimeoutMs) }
  }

  /** Once the call is over no further request is made in its name. */
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
