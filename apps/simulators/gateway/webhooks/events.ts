import { chargeOf, type Entry, type EventType, type Intent } from '../engine/state.ts'
import { chargeResource, intentResource, refundResource } from '../stripe-api/resources.ts'

/** What Stripe's SDK of today speaks; an endpoint is told in the version that it was made with. */
export const apiVersion = '2026-10-28.endive'

/** Stripe's events of what was done, in their order. */
export function eventTypesOf({ did, refund }: Pick<Entry, 'did' | 'refund'>, isNew: boolean): readonly EventType[] {
  const created: readonly EventType[] = isNew ? ['payment_intent.created'] : []
  switch (did) {
    case 'refused':
      return []
    case 'created':
      return created
    case 'challenged':
      return [...created, 'payment_intent.requires_action']
    case 'authorised':
      return [...created, 'payment_intent.amount_capturable_updated']
    case 'declined':
      return [...created, 'payment_intent.payment_failed']
    case 'captured':
      return [...created, 'payment_intent.succeeded']
    case 'canceled':
      return ['payment_intent.canceled']
    case 'refunded':
      return ['refund.created', 'charge.refunded']
    case 'settled':
      return refund?.status === 'failed' ? ['refund.updated', 'refund.failed'] : ['refund.updated']
  }
}

/** Stripe's envelope. What it carries is the object as the event left it, whatever has become of it since. */
export function eventResource(
  entry: Entry,
  { id, type, pendingWebhooks }: { id: string; type: EventType; pendingWebhooks: number },
) {
  return {
    id,
    object: 'event',
    api_version: apiVersion,
    created: Math.floor(Date.parse(entry.at) / 1000),
    data: { object: objectOf(entry, type) },
    livemode: false,
    pending_webhooks: pendingWebhooks,
    request: { id: null, idempotency_key: entry.key?.name ?? null },
    type,
  }
}

function objectOf({ intent, refund }: Entry, type: EventType) {
  if (intent === undefined) throw new Error('An event is about an intent')
  switch (type) {
    case 'payment_intent.created':
      return intentResource(unconfirmed(intent), [])
    case 'payment_intent.requires_action':
    case 'payment_intent.amount_capturable_updated':
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed':
    case 'payment_intent.canceled':
      return intentResource(intent, [])
    case 'charge.refunded': {
      const charge = chargeOf(intent)
      if (charge === undefined) throw new Error(`${intent.id} was never charged`)
      return chargeResource(intent, charge)
    }
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
      if (refund === undefined) throw new Error(`${type} without a refund`)
      return refundResource(refund, intent, [])
  }
}

/** As it was before the confirmation that the same request may have asked for. */
function unconfirmed({ id, amount, currency, captureMethod, paymentMethod, metadata, created }: Intent): Intent {
  const about = { id, amount, currency, captureMethod, paymentMethod, metadata, created }
  return { ...about, status: paymentMethod === null ? 'requires_payment_method' : 'requires_confirmation' }
}
