import { z } from '@hono/zod-openapi'
import { cancellationReasons, currencyCode, minorUnits } from '#contracts'
import { orderStatuses } from './store.ts'

const maxItems = 100
const maxQuantity = 1_000_000
/** RFC 5321, 4.5.3.1.3: a path of 256 octets with its angle brackets. */
const maxEmailLength = 254
const maxMetadataPairs = 20
const maxPageOrders = 100
/** What a JSON number holds exactly. */
const maxTotalMinor = BigInt(Number.MAX_SAFE_INTEGER)

/** Text that PostgreSQL's jsonb and a mail's header can hold: no control characters, no half of a surrogate pair. */
const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), {
      error: 'must be text without control characters',
    })

const requestedItem = z.strictObject({
  sku: text(100),
  name: text(200).optional(),
  quantity: z.int().min(1).max(maxQuantity),
  unitPriceMinor: minorUnits,
})

/** Only of items that are valid each for itself is there a total. */
const ofTheTotal = {
  path: ['items'],
  when: ({ issues }: { readonly issues: readonly unknown[] }) => issues.length === 0,
}

export const placeOrderBody = z
  .strictObject({
    customer: z.strictObject({ email: z.email().max(maxEmailLength), name: text(200).optional() }),
    currency: currencyCode,
    items: z.array(requestedItem).min(1).max(maxItems),
    // It begins with a letter: a card number can neither pass nor rest here by mistake.
    paymentMethod: z
      .string()
      .regex(/^[A-Za-z][\w-]{0,254}$/, { error: 'must be a token of the payment gateway such as pm_card_visa' })
      .meta({ description: 'A token of the payment gateway, never a card number', example: 'pm_card_visa' }),
    metadata: z
      .record(z.string().regex(/^[A-Za-z0-9][\w.-]{0,39}$/), text(500))
      .refine((pairs) => Object.keys(pairs).length <= maxMetadataPairs, { error: `may have ${maxMetadataPairs} pairs` })
      .optional(),
  })
  .refine(({ items }) => totalOf(items) > 0n, { ...ofTheTotal, error: 'must cost something together' })
  .refine(({ items }) => totalOf(items) <= maxTotalMinor, {
    ...ofTheTotal,
    error: `must not cost more than ${maxTotalMinor} together`,
  })
  .openapi('PlaceOrder')

export function totalOf(items: readonly { readonly quantity: number; readonly unitPriceMinor: bigint }[]): bigint {
  return items.reduce((sumMinor, { quantity, unitPriceMinor }) => sumMinor + BigInt(quantity) * unitPriceMinor, 0n)
}

export const refundRequestBody = z
  .strictObject({
    amountMinor: minorUnits.refine((amount) => amount > 0n, { error: 'must be more than nothing' }).optional(),
    reason: text(500).optional(),
  })
  .openapi('RequestRefund')

/** Visible ASCII: it travels in a header. Any form will do, a UUID for one. */
const idempotencyKey = z
  .string({ error: 'is missing: send a new one with each new request, and the same when you send it again' })
  .regex(/^[\x21-\x7e]{1,255}$/, { error: 'must be 1 to 255 visible ASCII characters' })

export const keyRequired = z.object({ 'idempotency-key': idempotencyKey })
export const keyAllowed = z.object({ 'idempotency-key': idempotencyKey.optional() })

/** Ids are compared as text, and PostgreSQL writes them small. */
export const orderPath = z.object({ id: z.uuid().toLowerCase() })

export const listQuery = z.object({
  status: z.enum(orderStatuses).optional(),
  limit: z.coerce.number().int().min(1).max(maxPageOrders).default(20),
  cursor: z
    .string()
    .transform(decodeCursor)
    .pipe(z.uuid({ error: 'must be a nextCursor of this list' }))
    .optional()
    .openapi({ type: 'string' }),
})

/** Opaque, so that nobody makes one: what is in it may change. */
export function encodeCursor(orderId: string): string {
  return Buffer.from(orderId).toString('base64url')
}

export function decodeCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString()
}

export const refundBody = z
  .object({
    id: z.string(),
    amountMinor: minorUnits,
    status: z.enum(['pending', 'succeeded', 'failed']),
    reason: z.string().optional(),
  })
  .openapi('Refund')

export const orderBody = z
  .object({
    id: z.uuid(),
    status: z.enum(orderStatuses),
    reason: z.enum(cancellationReasons).optional(),
    currency: currencyCode,
    totalMinor: minorUnits,
    capturedMinor: minorUnits,
    refundedMinor: minorUnits,
    items: z.array(
      z.object({ sku: z.string(), name: z.string().optional(), quantity: z.int(), unitPriceMinor: minorUnits }),
    ),
    customer: z.object({ email: z.string(), name: z.string().optional() }),
    metadata: z.record(z.string(), z.string()).optional(),
    settled: z.boolean(),
    onHold: z.boolean(),
    refunds: z.array(refundBody),
    payBy: z.iso.datetime(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Order')

export const orderListBody = z.object({ data: z.array(orderBody), nextCursor: z.string().optional() }).openapi('Orders')
export const refundListBody = z.object({ data: z.array(refundBody) }).openapi('Refunds')

export type OrderBody = z.output<typeof orderBody>
export type RefundBody = z.output<typeof refundBody>
