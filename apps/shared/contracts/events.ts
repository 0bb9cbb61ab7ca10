import { z } from 'zod'
import { currencyCode, minorUnits } from './money.ts'

const about = { orderId: z.uuid(), merchantId: z.uuid() }
const timestamp = z.iso.datetime({ offset: true }).meta({ description: 'RFC 3339' })

/** Totals beside every delta: a receiver sets them and never adds, so nothing can be counted twice. */
const totals = { capturedMinor: minorUnits, refundedMinor: minorUnits }

export const cancellationReasons = [
  'customer_request',
  'payment_declined',
  'payment_timeout',
  'capture_timeout',
  'capture_failed',
  'authorisation_expired',
  'voided_externally',
  'amount_mismatch',
] as const

const orderItem = z.object({
  sku: z.string(),
  name: z.string().optional(),
  quantity: z.int().positive(),
  unitPriceMinor: minorUnits,
})
const customer = z.object({ email: z.string(), name: z.string().optional() })
const refund = { ...about, refundId: z.string(), amountMinor: minorUnits, ...totals }
const operation = z.enum(['authorise', 'capture', 'void', 'refund'])
const message = { ...about, kind: z.string(), channel: z.string() }
const delivery = { ...about, endpointId: z.uuid(), eventId: z.uuid() }
const announcement = z.object({ subject: z.string(), cause: z.string(), who: z.string() })

/**
 * Every event there is, as it stands in the payload; the type and the CloudEvents attributes travel as headers. These
 * shapes only ever grow: a field is added as optional, none is removed, none changes its meaning.
 */
export const events = {
  OrderPlaced: z.object({
    ...about,
    currency: currencyCode,
    totalMinor: minorUnits,
    items: z.array(orderItem),
    customer,
    paymentMethod: z.string(),
    payBy: timestamp,
  }),
  OrderConfirmed: z.object({ ...about, totalMinor: minorUnits }),
  OrderPaid: z.object({ ...about, capturedMinor: minorUnits }),
  OrderCancelled: z.object({ ...about, reason: z.enum(cancellationReasons), settled: z.boolean(), ...totals }),
  OrderSettlementChanged: z.object({ ...about, settled: z.boolean(), ...totals }),
  OrderRefundRequested: z.object({
    ...about,
    refundId: z.string(),
    amountMinor: minorUnits,
    reason: z.string().optional(),
  }),
  OrderRefunded: z.object({ ...refund, full: z.boolean() }),
  OrderRefundFailed: z.object({ ...about, refundId: z.string(), code: z.string(), ...totals }),
  OrderOnHold: z.object({ ...about, reason: z.string() }),
  OrderResumed: z.object({ ...about, reason: z.string() }),
  CustomerErased: z.object(about),

  PaymentAuthorized: z.object({
    ...about,
    paymentId: z.string(),
    amountMinor: minorUnits,
    currency: currencyCode,
    expiresAt: timestamp,
  }),
  PaymentDeclined: z.object({ ...about, code: z.string() }),
  PaymentCaptured: z.object({ ...about, ...totals }),
  PaymentCaptureFailed: z.object({ ...about, code: z.string() }),
  PaymentVoided: z.object({ ...about, reason: z.enum(['released', 'expired', 'external', 'never_charged']) }),
  PaymentRefunded: z.object({
    ...refund,
    remainingMinor: minorUnits,
    cause: z.enum(['requested', 'released', 'external']),
  }),
  PaymentRefundFailed: z.object({
    ...about,
    refundId: z.string(),
    code: z.string(),
    ...totals,
    reversed: z.boolean(),
  }),
  PaymentOutcomeUnknown: z.object({ ...about, operation, since: timestamp }),
  PaymentReviewRequired: z.object({ ...about, operation, reason: z.string() }),
  PaymentReviewResolved: z.object({ ...about, as: z.string(), by: z.string() }),

  NotificationSent: z.object({ ...message, providerId: z.string() }),
  NotificationFailed: z.object({ ...message, code: z.string() }),
  WebhookDelivered: z.object({ ...delivery, attempts: z.int().positive() }),
  WebhookDeliveryFailed: z.object({ ...delivery, reason: z.string() }),
  WebhookEndpointDisabled: z.object({ merchantId: z.uuid(), endpointId: z.uuid(), reason: z.string() }),

  MessageParked: announcement,
  MessageDead: announcement,
  MessageRedriven: announcement,
  MessageDiscarded: announcement,
  EffectGaveUp: announcement,
  RowReemitted: announcement,
  RelayHealed: announcement,
} as const

export type EventType = keyof typeof events

/** An event in code: its payload plus its type. */
export type EventOf<Type extends EventType> = {
  [T in Type]: { readonly type: T } & Readonly<z.output<(typeof events)[T]>>
}[Type]
