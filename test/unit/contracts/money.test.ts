import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currencyCode, formatJson, formatMoney, minorUnits, parseOwnJson } from '#contracts'
import { propertySeed } from '../../support/config.ts'

describe('money', () => {
  it.each([
    [0n, 'EUR', '0.00 EUR'],
    [5n, 'EUR', '0.05 EUR'],
    [123_456n, 'USD', '1234.56 USD'],
    [500n, 'JPY', '500 JPY'],
    [7n, 'KWD', '0.007 KWD'],
    [24_750n, 'KWD', '24.750 KWD'],
    [9_007_199_254_740_993n, 'EUR', '90071992547409.93 EUR'],
  ])('%s of %s reads %s', (amount, currency, text) => {
    expect(formatMoney(amount, currency)).toBe(text)
  })

  it.each(['XXX', 'eur', 'EURO', ''])('has no currency %o', (code) => {
    expect(currencyCode.safeParse(code).success).toBe(false)
  })

  it.each([0.1, -1, 2 ** 53, Number.NaN, '100', null])('is never %o', (amount) => {
    expect(minorUnits.safeParse(amount).success).toBe(false)
  })

  it('survives JSON exactly, and names what JSON cannot hold', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) }), (totalMinor) => {
        expect(parseOwnJson(formatJson({ totalMinor, items: [{ unitPriceMinor: totalMinor }], quantity: 3 }))).toEqual({
          totalMinor,
          items: [{ unitPriceMinor: totalMinor }],
          quantity: 3,
        })
      }),
      { seed: propertySeed },
    )
    expect(() => formatJson({ totalMinor: 2n ** 53n })).toThrow('beyond the integers')
  })
})
