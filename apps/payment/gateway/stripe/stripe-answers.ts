import Stripe from 'stripe'
import { NotPerformed } from '#messaging'
import type { Attempt, Fact, GaveUp, RefundFailed, RefundSucceeded, Refused } from '../../vocabulary.ts'
import { fromStripeAmount } from './stripe-amount.ts'

/** Seven days, in seconds: how long a card's hold stands where Stripe does not say. */
const usualHoldSeconds = 7 * 24 * 60 * 60

/** Given as the reason when a hold that wants the customer's presence is given up, so that a look-up can tell why. */
export const authenticationWanted = 'abandoned' as const

/** An answer, only not the last one: the gateway is well, and asking again later is all there is to do. */
export class StillUnderWay extends Error {
  override readonly name = 'StillUnderWay'
}

/** The gateway has failed on its own side, and nobody knows what it did before. */
export class GatewayFailed extends Error {
  override readonly name = 'GatewayFailed'
  /**
   * The key is spent: this is what was answered to the first request under it, and will be to every other. Whatever that
   * one did, the ones after it did nothing.
   */
  readonly isReplayed: boolean
  constructor(message: string, { cause, isReplayed }: { readonly cause: Error; readonly isReplayed: boolean }) {
    super(message, { cause })
    this.isReplayed = isReplayed
  }
}

/** What an intent's state says about the money. Undefined: it holds nothing yet and was not refused either. */
export function factOf(intent: Stripe.PaymentIntent): Fact | undefined {
  const { id: paymentId, currency } = intent
  switch (intent.status) {
    case 'requires_capture': {
      const amountMinor = fromStripeAmount(intent.amount_capturable, currency)
      return { type: 'Held', paymentId, amountMinor, currency: currency.toUpperCase(), expiresAt: expiryOf(intent) }
    }
    case 'succeeded': {
      const amountMinor = fromStripeAmount(intent.amount_received, currency)
      return { type: 'Captured', paymentId, amountMinor, currency: currency.toUpperCase() }
    }
    case 'canceled': {
      const reason = intent.cancellation_reason
      return {
        type: 'Gone',
        paymentId,
        because: reason === 'expired' || reason === 'automatic' ? 'expired' : 'cancelled',
      }
    }
    case 'requires_payment_method': {
      const failure = intent.last_payment_error
      return failure === null ? undefined : refusedAuthorise(failure.decline_code ?? failure.code ?? failure.type)
    }
    case 'requires_confirmation':
    case 'requires_action':
      return undefined
    case 'processing':
      throw new StillUnderWay(`${paymentId} is still being processed`)
    default:
      throw new Error(`${paymentId} has the status ${String(intent.status)}, which nobody here knows`)
  }
}

const refusedAuthorise = (code: string): Refused => ({ type: 'Refused', operation: 'authorise', code })

function expiryOf({ latest_charge: charge, created }: Stripe.PaymentIntent): string {
  const before = typeof charge === 'string' ? undefined : charge?.payment_method_details?.card?.capture_before
  return new Date((before ?? created + usualHoldSeconds) * 1000).toISOString()
}

/** What became of a refund. @throws while it is on its way */
export function refundFactOf(refund: Stripe.Refund, refundId: string): RefundSucceeded | RefundFailed {
  switch (refund.status) {
    case 'succeeded':
      return { type: 'RefundSucceeded', refundId, amountMinor: fromStripeAmount(refund.amount, refund.currency) }
    case 'failed':
    case 'canceled':
      return { type: 'RefundFailed', refundId, code: refund.failure_reason ?? refund.status }
    default:
      throw new StillUnderWay(`${refund.id} is ${refund.status ?? 'without a status'}`)
  }
}

/** What an error of Stripe's is about, where it is an answer. */
export type Objection =
  /** The card, or the request as it is: nothing was done. `isReplayed`: so it was told before, under the same key. */
  | { readonly is: 'refused'; readonly code: string; readonly isReplayed: boolean }
  /** It can never be right: another request under our key, or an intent that does not exist. For a person. */
  | { readonly is: 'permanent'; readonly reason: string }

/**
 * @throws NotPerformed where Stripe did not look at the request: key, permission, key in use, too many at once
 * @throws GatewayFailed where nobody knows, after a 5xx
 * @throws the error itself where nobody knows: time-out, reset, an answer that is no JSON
 */
export function objectionOf(error: unknown): Objection {
  if (!(error instanceof Stripe.errors.StripeError)) throw error
  const { statusCode, code, decline_code: declineCode, rawType = 'unknown', message } = error
  const isReplayed = error.headers?.['idempotent-replayed'] === 'true'
  if (error instanceof Stripe.errors.StripeRateLimitError) throw notPerformed(error)
  switch (statusCode) {
    case 401:
    case 403:
    case 409:
    case 429:
      throw notPerformed(error)
    case 402:
      // The SDK makes an empty text of a decline code that is not there.
      return { is: 'refused', code: declineCode || code || rawType, isReplayed }
    case 404:
      return { is: 'permanent', reason: 'not_found' }
    case 400:
      if (rawType === 'idempotency_error') return { is: 'permanent', reason: 'idempotency_mismatch' }
      // What a refund says of an intent that does not exist.
      if (code === 'resource_missing' && error.param === 'payment_intent') {
        return { is: 'permanent', reason: 'not_found' }
      }
      return { is: 'refused', code: code ?? rawType, isReplayed }
    default: {
      const said = `Stripe answered ${statusCode ?? 'nothing'}: ${message}`
      if (statusCode === undefined || statusCode < 500) throw new Error(said, { cause: error })
      throw new GatewayFailed(said, { cause: error, isReplayed })
    }
  }
}

const notPerformed = ({ statusCode, message }: Stripe.errors.StripeError): NotPerformed =>
  new NotPerformed(`Stripe answered ${statusCode}: ${message}`)

export const gaveUp = (attempt: Attempt, reason: string): GaveUp => ({ type: 'GaveUp', reason, ...attempt })
