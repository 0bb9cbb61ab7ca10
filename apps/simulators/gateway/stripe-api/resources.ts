import { type Charge, chargeOf, type Entry, type GatewayError, type Intent, type Refund } from '../engine/state.ts'

/** Stripe's JSON of an answer. The same entry always gives the same bytes: an idempotent answer is not stored, it is said again. */
export function answerOf(
  entry: Entry,
  expand: readonly string[],
): { status: 200 | GatewayError['status']; body: string } {
  const { error, intent, refund, said } = entry
  if (said !== undefined) return { status: said.status, body: errorBody(said) }
  if (error !== undefined) return { status: error.status, body: errorBody(error, intent) }
  if (refund !== undefined) return { status: 200, body: JSON.stringify(refundResource(refund, intent, expand)) }
  if (intent !== undefined) return { status: 200, body: JSON.stringify(intentResource(intent, expand)) }
  throw new Error('An entry holds an error, a refund or an intent')
}

export function errorBody(error: GatewayError, intent?: Intent): string {
  const { type, code, declineCode, message, param, charge } = error
  const payment_intent = intent === undefined ? undefined : intentResource(intent, [])
  return JSON.stringify({ error: { type, code, decline_code: declineCode, message, param, charge, payment_intent } })
}

export function intentResource(intent: Intent, expand: readonly string[]) {
  const charge = chargeOf(intent)
  const decline = intent.status === 'requires_payment_method' ? intent.decline : undefined
  const expanded = expand.includes('latest_charge') && charge !== undefined
  return {
    id: intent.id,
    object: 'payment_intent',
    amount: intent.amount,
    amount_capturable: intent.status === 'requires_capture' ? intent.charge.authorised : 0,
    amount_received: intent.status === 'succeeded' ? intent.charge.captured : 0,
    canceled_at: intent.status === 'canceled' ? intent.canceledAt : null,
    cancellation_reason: intent.status === 'canceled' ? intent.reason : null,
    capture_method: intent.captureMethod,
    client_secret: `${intent.id}_secret_simulated`,
    confirmation_method: 'automatic',
    created: intent.created,
    currency: intent.currency,
    last_payment_error:
      decline === undefined
        ? null
        : {
            type: 'card_error',
            code: decline.code,
            decline_code: decline.declineCode,
            message: decline.message,
            charge: decline.chargeId,
            payment_method: { id: decline.paymentMethod, object: 'payment_method', type: 'card' },
          },
    latest_charge: expanded ? chargeResource(intent, charge) : (charge?.id ?? decline?.chargeId ?? null),
    livemode: false,
    metadata: intent.metadata,
    next_action: intent.status === 'requires_action' ? { type: 'use_stripe_sdk', use_stripe_sdk: {} } : null,
    payment_method: intent.paymentMethod,
    payment_method_types: ['card'],
    status: intent.status,
  }
}

export function chargeResource(intent: Intent, charge: Charge) {
  const captured = intent.status === 'succeeded'
  return {
    id: charge.id,
    object: 'charge',
    amount: charge.authorised,
    amount_captured: charge.captured,
    // Stripe gives back what was held and not captured as a refund of the charge.
    amount_refunded: charge.refunded + (intent.status === 'canceled' ? charge.authorised : 0),
    captured,
    created: charge.created,
    currency: intent.currency,
    livemode: false,
    metadata: intent.metadata,
    paid: true,
    payment_intent: intent.id,
    payment_method: intent.paymentMethod,
    payment_method_details: {
      type: 'card',
      card: {
        brand: charge.card.brand,
        last4: charge.card.last4,
        ...(charge.captureBefore === null ? {} : { capture_before: charge.captureBefore }),
      },
    },
    refunded: intent.status === 'canceled' || (captured && charge.refunded === charge.captured),
    status: 'succeeded',
  }
}

export function refundResource(refund: Refund, intent: Intent | undefined, expand: readonly string[]) {
  const expanded = expand.some((path) => path.endsWith('payment_intent')) && intent !== undefined
  return {
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    charge: refund.chargeId,
    created: refund.created,
    currency: refund.currency,
    metadata: refund.metadata,
    payment_intent: expanded ? intentResource(intent, []) : refund.intentId,
    reason: refund.reason,
    status: refund.status,
    ...(refund.status === 'pending' ? { pending_reason: 'processing' } : {}),
    ...(refund.status === 'failed' ? { failure_reason: 'expired_or_canceled_card' } : {}),
  }
}
