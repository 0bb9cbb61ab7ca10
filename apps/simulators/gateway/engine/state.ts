import { z } from 'zod'

/** What the record on disk holds. Amounts are minor units as integers, as Stripe has them; times are unix seconds. */

const amount = z.int().nonnegative()

const charge = z.object({
  id: z.string(),
  card: z.object({ brand: z.string(), last4: z.string() }),
  authorised: amount,
  captured: amount,
  refunded: amount,
  created: z.int(),
  /** When the hold lapses; null when the money was taken at once. */
  captureBefore: z.int().nullable(),
})

const decline = z.object({
  chargeId: z.string(),
  paymentMethod: z.string(),
  code: z.string(),
  declineCode: z.string(),
  message: z.string(),
})

const about = {
  id: z.string(),
  amount,
  currency: z.string(),
  captureMethod: z.enum(['manual', 'automatic']),
  paymentMethod: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  created: z.int(),
}

export const cancellationReasons = ['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'] as const

export const intentSchema = z.discriminatedUnion('status', [
  z.object({ ...about, status: z.literal('requires_payment_method'), decline: decline.optional() }),
  z.object({ ...about, status: z.literal('requires_confirmation') }),
  z.object({ ...about, status: z.literal('requires_action') }),
  z.object({ ...about, status: z.literal('requires_capture'), charge }),
  z.object({ ...about, status: z.literal('succeeded'), charge }),
  z.object({
    ...about,
    status: z.literal('canceled'),
    reason: z.enum([...cancellationReasons, 'expired']).nullable(),
    canceledAt: z.int(),
    /** The hold that was let go. */
    charge: charge.optional(),
  }),
])

export const refundSchema = z.object({
  id: z.string(),
  intentId: z.string(),
  chargeId: z.string(),
  amount,
  currency: z.string(),
  reason: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  created: z.int(),
  status: z.enum(['pending', 'succeeded', 'failed']).default('succeeded'),
  /** What becomes of it by itself, and when: in milliseconds, for a test does not wait for a second. */
  settles: z.object({ atMs: z.int(), as: z.enum(['succeeded', 'failed']) }).optional(),
})

export const errorSchema = z.object({
  status: z.union([
    z.literal(400),
    z.literal(401),
    z.literal(402),
    z.literal(404),
    z.literal(409),
    z.literal(429),
    z.literal(500),
  ]),
  type: z.enum(['card_error', 'invalid_request_error', 'idempotency_error', 'api_error']),
  code: z.string().optional(),
  declineCode: z.string().optional(),
  message: z.string(),
  param: z.string().optional(),
  /** The id of the charge that failed. */
  charge: z.string().optional(),
})

/** Stripe's words for what can happen to what is kept here (docs.stripe.com/api/events/types). */
export const eventTypes = [
  'payment_intent.created',
  'payment_intent.requires_action',
  'payment_intent.amount_capturable_updated',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'charge.refunded',
  'refund.created',
  'refund.updated',
  'refund.failed',
] as const

/** Only what cannot be told from its line. `webhooks`: to how many endpoints it was to be delivered when it happened. */
const eventSchema = z.object({
  id: z.string(),
  type: z.enum(eventTypes),
  webhooks: z.union([z.literal(0), z.literal(1)]),
})

/** One line of the record: what was done, all that is needed to say its answer again, for which key, and its events. */
export const entrySchema = z.object({
  at: z.iso.datetime(),
  did: z.enum([
    'created',
    'challenged',
    'authorised',
    'declined',
    'captured',
    'canceled',
    'refunded',
    'settled',
    'refused',
  ]),
  intent: intentSchema.optional(),
  refund: refundSchema.optional(),
  error: errorSchema.optional(),
  /** What was answered in place of the truth, because that was asked for. */
  said: errorSchema.optional(),
  events: z.array(eventSchema).optional(),
  key: z.object({ name: z.string(), fingerprint: z.string() }).optional(),
})

export type Charge = Readonly<z.infer<typeof charge>>
export type Intent = Readonly<z.infer<typeof intentSchema>>
export type Refund = Readonly<z.infer<typeof refundSchema>>
export type GatewayError = Readonly<z.infer<typeof errorSchema>>
export type EventType = (typeof eventTypes)[number]
export type Entry = Readonly<z.infer<typeof entrySchema>>

export const chargeOf = (intent: Intent): Charge | undefined => ('charge' in intent ? intent.charge : undefined)
