import { z } from 'zod'

/**
 * Money is a whole number of an ISO 4217 currency's minor units: a bigint in code, a `bigint` in SQL, an integer in
 * JSON. There is no float on its way. JSON numbers beyond 2^53 - 1 would be rounded by half of the world's parsers, so
 * they are refused at the edge.
 */
export const minorUnits = z.codec(
  z.int().nonnegative(),
  z.bigint().nonnegative().max(BigInt(Number.MAX_SAFE_INTEGER)),
  {
    decode: (amount) => BigInt(amount),
    encode: (amount) => Number(amount),
  },
)

const withoutDecimals = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'
const withTwoDecimals =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP ' +
  'CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES ' +
  'KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK ' +
  'NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB ' +
  'TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG'
const withThreeDecimals = 'BHD IQD JOD KWD LYD OMR TND'

/** ISO 4217, table A.1: the currencies one can pay in and their number of decimals. */
const decimalsOf: ReadonlyMap<string, number> = new Map([
  ...withoutDecimals.split(' ').map((code) => [code, 0] as const),
  ...withTwoDecimals.split(' ').map((code) => [code, 2] as const),
  ...withThreeDecimals.split(' ').map((code) => [code, 3] as const),
])

/** An ISO 4217 alphabetic code, in capitals. */
export const currencyCode = z
  .string()
  .refine((code) => decimalsOf.has(code), { error: 'must be an ISO 4217 currency code such as EUR' })
  .meta({ description: 'ISO 4217 alphabetic code', example: 'EUR' })

/** For people: `1234567n, 'KWD'` becomes `1234.567 KWD`. An unknown currency is a bug of the caller. */
export function formatMoney(amountMinor: bigint, currency: string): string {
  const decimals = decimalsOf.get(currency)
  if (decimals === undefined) throw new Error(`No such currency: ${currency}`)
  const digits = amountMinor.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  return `${decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`} ${currency}`
}
