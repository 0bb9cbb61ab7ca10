import { z } from '@hono/zod-openapi'
import { chargeOf, type Intent, type Refund } from '../engine/state.ts'

export const tally = z.object({ count: z.int(), amountMinor: z.int() })

export const currencySummary = z.object({
  intents: z.record(z.string(), tally),
  authorisedMinor: z.int(),
  capturedMinor: z.int(),
  refundedMinor: z.int(),
  netMinor: z.int(),
})

interface Totals {
  readonly intents: Record<string, { count: number; amountMinor: bigint }>
  authorisedMinor: bigint
  capturedMinor: bigint
  refundedMinor: bigint
  netMinor: bigint
}

/** Totals by currency, and in it by state. A refund that is pending or has failed gave nothing back. */
export function summarise(intents: Iterable<Intent | undefined>, refunds: Iterable<Refund>): Record<string, Totals> {
  const currencies: Record<string, Totals> = {}
  for (const intent of intents) {
    if (intent === undefined) continue
    const totals = (currencies[intent.currency] ??= nothing())
    const state = (totals.intents[intent.status] ??= { count: 0, amountMinor: 0n })
    state.count += 1
    state.amountMinor += BigInt(intent.amount)
    const charge = chargeOf(intent)
    if (charge === undefined) continue
    totals.authorisedMinor += BigInt(charge.authorised)
    totals.capturedMinor += BigInt(charge.captured)
    totals.netMinor += BigInt(charge.captured)
  }
  for (const { status, currency, amount } of refunds) {
    const totals = currencies[currency]
    if (status !== 'succeeded' || totals === undefined) continue
    totals.refundedMinor += BigInt(amount)
    totals.netMinor -= BigInt(amount)
  }
  return currencies
}

const nothing = (): Totals => ({ intents: {}, authorisedMinor: 0n, capturedMinor: 0n, refundedMinor: 0n, netMinor: 0n })
