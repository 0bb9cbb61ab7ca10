import { z } from '@hono/zod-openapi'
import { currencyCode, minorUnits } from '#contracts'
import { problem } from '#runtime'
import type { Found } from '../gateway/look-ups.ts'
import type { Fact, Payment } from '../vocabulary.ts'

/** PostgreSQL's text holds every character but one. */
export const text = z
  .string()
  .min(1)
  .max(500)
  .refine((value) => !value.includes('\0'), { error: 'must not hold the character 0' })
const paymentId = text.optional().meta({ description: "The gateway's intent, where neither we nor a look-up know it" })
const currency = currencyCode.optional().meta({ description: "The payment's, unless given" })

const expiresAt = z.iso
  .datetime({ offset: true })
  .optional()
  .meta({ description: 'Until when the hold stands, where neither we nor a look-up know it' })

/** What an operator can say is true at the gateway. */
export const truth = z
  .discriminatedUnion('is', [
    z.strictObject({
      is: z.literal('held'),
      paymentId,
      amountMinor: minorUnits.optional(),
      currency,
      expiresAt,
    }),
    z.strictObject({ is: z.literal('captured'), paymentId, amountMinor: minorUnits, currency }),
    z.strictObject({ is: z.literal('gone'), paymentId, because: z.enum(['cancelled', 'expired']) }),
    z.strictObject({ is: z.literal('refused'), code: text }),
    z.strictObject({ is: z.literal('refund_made'), refundId: text, amountMinor: minorUnits }),
    z.strictObject({ is: z.literal('refund_failed'), refundId: text, code: text }),
  ])
  .openapi('Truth')

export type Truth = z.output<typeof truth>

/**
 * The operator's word as the fact that `decide` knows. What the operator leaves out is what the payment knows, or what
 * the gateway was found to have.
 * @throws Problem 400 where nobody knows it
 */
export function factOf(truth: Truth, payment: Payment, found: Found | undefined): Fact {
  switch (truth.is) {
    case 'held': {
      const { amountMinor = payment.amountMinor, currency = payment.currency } = truth
      const held = { paymentId: intentOf(truth, payment, found), expiresAt: expiryOf(truth, payment, found) }
      return { type: 'Held', ...held, amountMinor, currency }
    }
    case 'captured': {
      const { amountMinor, currency = payment.currency } = truth
      return { type: 'Captured', paymentId: intentOf(truth, payment, found), amountMinor, currency }
    }
    case 'gone':
      return { type: 'Gone', paymentId: intentOf(truth, payment, found), because: truth.because }
    case 'refused':
      return { type: 'Refused', operation: inDoubt(payment), code: truth.code }
    case 'refund_made':
      return { type: 'RefundSucceeded', refundId: truth.refundId, amountMinor: truth.amountMinor }
    case 'refund_failed':
      return { type: 'RefundFailed', refundId: truth.refundId, code: truth.code }
    default:
      return truth satisfies never
  }
}

type Given<Name extends string> = Readonly<Partial<Record<Name, string | undefined>>>

function intentOf({ paymentId }: Given<'paymentId'>, { position }: Payment, found: Found | undefined): string {
  const known = 'paymentId' in position ? position.paymentId : undefined
  return paymentId ?? known ?? found?.paymentId ?? missing('paymentId')
}

function expiryOf({ expiresAt }: Given<'expiresAt'>, { position }: Payment, found: Found | undefined): string {
  const known = position.at === 'held' ? position.expiresAt : undefined
  const looked = found?.fact?.type === 'Held' ? found.fact.expiresAt : undefined
  return expiresAt ?? known ?? looked ?? missing('expiresAt')
}

function missing(name: string): never {
  const errors = [{ field: `truth.${name}`, detail: 'is needed: neither the payment nor a look-up knows it' }]
  throw problem({ status: 400, code: 'invalid_request', title: 'The request is not valid', errors })
}

/** A refund that was refused is one that failed. */
function inDoubt({ review, operation }: Payment): 'authorise' | 'capture' | 'void' {
  const name = review?.operation ?? operation?.does
  if (name !== undefined && name !== 'refund') return name
  const detail = 'It is a refund that is in doubt: say refund_failed.'
  throw problem({ status: 409, code: 'does_not_resolve', title: 'This does not answer what is in doubt', detail })
}
