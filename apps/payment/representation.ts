import { z } from '@hono/zod-openapi'
import { currencyCode, minorUnits } from '#contracts'
import type { HistoryRow, VersionedPayment } from './store.ts'
import type { Review } from './vocabulary.ts'

const timestamp = z.string().meta({ description: 'RFC 3339' })

export const reviewBody = z.object({
  operation: z.string().meta({ description: 'What is in doubt: authorise, capture, void or refund' }),
  refundId: z.string().optional(),
  reason: z.string(),
  since: timestamp,
})

/** `GET /payments/{orderId}` */
export const paymentBody = z
  .object({
    orderId: z.uuid(),
    paymentId: z.string().optional().meta({ description: "The gateway's payment intent, once it is known" }),
    status: z.enum([
      'authorising',
      'authorised',
      'capturing',
      'captured',
      'partially_refunded',
      'refunded',
      'voiding',
      'voided',
      'expired',
      'declined',
    ]),
    condition: z
      .enum(['ok', 'unknown', 'review'])
      .meta({ description: 'unknown: the gateway is asked again; review: an operator decides' }),
    currency: currencyCode,
    amountMinor: minorUnits.meta({ description: 'What the order costs' }),
    authorisedMinor: minorUnits,
    capturedMinor: minorUnits,
    refundedMinor: minorUnits,
    expiresAt: timestamp.optional().meta({ description: 'Until when the hold stands' }),
    code: z.string().optional().meta({ description: 'Why it was declined' }),
    review: reviewBody.optional(),
    reviewsBehind: z
      .array(reviewBody)
      .optional()
      .meta({ description: 'Asked in their turn, when that one has its answer' }),
    refunds: z.array(
      z.object({
        id: z.string(),
        amountMinor: minorUnits,
        status: z.enum(['pending', 'succeeded', 'failed', 'reversed']),
        cause: z.enum(['requested', 'released', 'external']),
      }),
    ),
    version: z.int(),
    history: z.array(
      z.object({
        version: z.int(),
        at: timestamp,
        type: z.string(),
        cause: z.string(),
        change: z.record(z.string(), z.unknown()).meta({ description: 'The members of the state that changed' }),
      }),
    ),
  })
  .openapi('Payment')

export type PaymentBody = z.output<typeof paymentBody>

export function represent({ payment, version }: VersionedPayment, history: readonly HistoryRow[]): PaymentBody {
  const { orderId, status, condition, currency, amountMinor, refunds } = payment
  return {
    orderId,
    status,
    condition,
    currency,
    amountMinor,
    ...whereTheMoneyIs(payment.position),
    ...reviewsIn(payment),
    refunds: refunds.map(({ refundId: id, amountMinor, status, cause }) => ({ id, amountMinor, status, cause })),
    version,
    history: history.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
  }
}

/** The question that is asked, and those behind it, where there are any. */
export function reviewsIn({ review, reviewsBehind = [] }: VersionedPayment['payment']) {
  const represented = ({ operation, refundId, reason, since }: Review) => ({
    operation,
    ...(refundId === null ? {} : { refundId }),
    reason,
    since,
  })
  return {
    ...(review === null ? {} : { review: represented(review) }),
    ...(reviewsBehind.length === 0 ? {} : { reviewsBehind: reviewsBehind.map(represented) }),
  }
}

function whereTheMoneyIs(position: VersionedPayment['payment']['position']) {
  const nowhere = { authorisedMinor: 0n, capturedMinor: 0n, refundedMinor: 0n }
  switch (position.at) {
    case 'none':
      return nowhere
    case 'held': {
      const { paymentId, authorisedMinor, expiresAt } = position
      return { ...nowhere, paymentId, authorisedMinor, expiresAt }
    }
    case 'taken': {
      const { paymentId, authorisedMinor, capturedMinor, refundedMinor } = position
      return { paymentId, authorisedMinor, capturedMinor, refundedMinor }
    }
    case 'gone':
      if (position.as === 'declined') return { ...nowhere, code: position.code }
      return position.paymentId === null ? nowhere : { ...nowhere, paymentId: position.paymentId }
    default:
      return position satisfies never
  }
}
