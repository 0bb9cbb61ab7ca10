import { z } from '@hono/zod-openapi'
import type { Gateway } from '../engine/gateway.ts'
import { chargeOf } from '../engine/state.ts'
import { summarise, tally } from './summary.ts'

/** What really happened to the money of one order. */
export const charges = z.object({
  orderId: z.string().nullable(),
  currency: z.string(),
  /** How often a hold was really placed, money taken, money given back, a hold let go; and how much in all. A refund
   * that is pending or has failed gave nothing back. */
  authorised: tally,
  captured: tally,
  refunded: tally,
  voided: tally,
  netMinor: z.int(),
  intents: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      amountMinor: z.int(),
      capturedMinor: z.int(),
      refunds: z.array(
        z.object({
          id: z.string(),
          status: z.string(),
          amountMinor: z.int(),
          metadata: z.record(z.string(), z.string()),
        }),
      ),
    }),
  ),
})

export type Charges = z.infer<typeof charges>

/** `ids`: of the order's intents. */
export function chargesOf(gateway: Gateway, ids: readonly string[]): Charges {
  const intents = ids.flatMap((id) => gateway.intent(id) ?? [])
  const [first] = intents
  if (first === undefined) throw new Error('An order has an intent')
  const held = intents.flatMap((intent) => chargeOf(intent) ?? [])
  const released = intents.flatMap((intent) => (intent.status === 'canceled' ? (intent.charge ?? []) : []))
  const refunds = intents.flatMap((intent) => gateway.books.refundsOf(intent.id))
  const captured = total(held.map((charge) => charge.captured).filter((amount) => amount > 0))
  const refunded = total(refunds.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount))
  return {
    orderId: first.metadata['orderId'] ?? null,
    currency: first.currency,
    authorised: total(held.map((charge) => charge.authorised)),
    captured,
    refunded,
    voided: total(released.map((charge) => charge.authorised)),
    netMinor: captured.amountMinor - refunded.amountMinor,
    intents: intents.map((intent) => ({
      id: intent.id,
      status: intent.status,
      amountMinor: intent.amount,
      capturedMinor: chargeOf(intent)?.captured ?? 0,
      refunds: gateway.books
        .refundsOf(intent.id)
        .map(({ id, status, amount, metadata }) => ({ id, status, amountMinor: amount, metadata })),
    })),
  }
}

const total = (amounts: readonly number[]) => ({
  count: amounts.length,
  amountMinor: amounts.reduce((sum, amount) => sum + amount, 0),
})

/** As things stand now: a hold whose time is over has lapsed. */
export const summaryOf = (gateway: Gateway): ReturnType<typeof summarise> =>
  summarise(
    Array.from(gateway.books.intents.values(), ({ id }) => gateway.intent(id)),
    gateway.books.refunds.values(),
  )
