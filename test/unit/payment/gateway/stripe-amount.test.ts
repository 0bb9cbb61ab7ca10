import { describe, expect, test } from 'vitest'
import { fromStripeAmount, toStripeAmount } from '../../../../apps/payment/gateway/stripe/stripe-amount.ts'

describe('an amount at Stripe', () => {
  test.each([
    ['EUR', 1_234n, 1_234],
    ['JPY', 1_234n, 1_234],
    ['KWD', 1_230n, 1_230],
    ['ISK', 1_234n, 123_400],
    ['UGX', 1_234n, 123_400],
    ['MGA', 123_400n, 1_234],
  ] as const)('in %s: %s is sent as %s', (currency, amountMinor, amount) => {
    expect(toStripeAmount(amountMinor, currency)).toBe(amount)
    expect(fromStripeAmount(amount, currency.toLowerCase())).toBe(amountMinor)
  })

  test('that Stripe cannot count is none', () => {
    expect(toStripeAmount(2n ** 53n, 'EUR')).toBeUndefined()
    expect(toStripeAmount(2n ** 50n, 'ISK')).toBeUndefined()
    expect(toStripeAmount(20n, 'MGA')).toBeUndefined()
  })
})
