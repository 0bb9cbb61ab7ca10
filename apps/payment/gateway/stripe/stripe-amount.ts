/**
 * Stripe counts a few currencies otherwise than ISO 4217 does (docs.stripe.com/currencies, special cases): ISK and UGX
 * have no decimals but are sent with two, MGA has two (fifths) but is sent without.
 */
const sentWithTwoDecimals = new Set(['ISK', 'UGX'])
const sentWithoutDecimals = new Set(['MGA'])

/** @returns undefined for an amount that Stripe has no number for. */
export function toStripeAmount(amountMinor: bigint, currency: string): number | undefined {
  if (sentWithoutDecimals.has(currency) && amountMinor % 100n !== 0n) return undefined
  const amount = Number(scaled(amountMinor, currency, { times: sentWithTwoDecimals, over: sentWithoutDecimals }))
  return Number.isSafeInteger(amount) ? amount : undefined
}

/** `currency` as Stripe writes it or as we do. */
export function fromStripeAmount(amount: number, currency: string): bigint {
  const other = { times: sentWithoutDecimals, over: sentWithTwoDecimals }
  return scaled(BigInt(amount), currency.toUpperCase(), other)
}

interface Scales {
  readonly times: ReadonlySet<string>
  readonly over: ReadonlySet<string>
}

function scaled(amount: bigint, currency: string, { times, over }: Scales): bigint {
  if (times.has(currency)) return amount * 100n
  return over.has(currency) ? amount / 100n : amount
}
