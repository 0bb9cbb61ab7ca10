import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { NotPerformed } from '#messaging'
import { GatewayFailed, objectionOf } from '../../../../apps/payment/gateway/stripe/stripe-answers.ts'

type Raw = Parameters<typeof Stripe.errors.StripeError.generate>[0]

const error = (statusCode: number, raw: Partial<Raw> = {}) =>
  Stripe.errors.StripeError.generate({ type: 'invalid_request_error', message: 'so it is', statusCode, ...raw })

describe('what Stripe objects to', () => {
  test.each([
    [402, { type: 'card_error', code: 'card_declined', decline_code: 'insufficient_funds' }, 'insufficient_funds'],
    [402, { type: 'card_error', code: 'expired_card' }, 'expired_card'],
    [400, { code: 'amount_too_small' }, 'amount_too_small'],
    [400, { code: 'resource_missing', param: 'payment_method' }, 'resource_missing'],
    [400, {}, 'invalid_request_error'],
  ] as const)('%s %o is a refusal: nothing was done', (status, raw, code) => {
    expect(objectionOf(error(status, raw))).toEqual({ is: 'refused', code, isReplayed: false })
  })

  test.each([
    [404, { code: 'resource_missing' }, 'not_found'],
    [400, { code: 'resource_missing', param: 'payment_intent' }, 'not_found'],
    [400, { type: 'idempotency_error' }, 'idempotency_mismatch'],
  ] as const)('%s %o can never be right: for a person', (status, raw, reason) => {
    expect(objectionOf(error(status, raw))).toEqual({ is: 'permanent', reason })
  })

  test.each([
    [401, {}],
    [403, {}],
    [409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }],
    [429, {}],
    [400, { code: 'rate_limit' }],
  ] as const)('%s %o was not performed', (status, raw) => {
    expect(() => objectionOf(error(status, raw))).toThrow(NotPerformed)
  })

  test.each([
    ['500', error(500, { type: 'api_error' })],
    ['503', error(503, { type: 'api_error' })],
    ['a reset', new Stripe.errors.StripeConnectionError({ type: 'api_error', message: 'reset' })],
    ['a bug', new TypeError('undefined is not a function')],
  ])('after %s nobody knows', (_name, failure) => {
    expect(() => objectionOf(failure)).toThrow(Error)
    expect(() => objectionOf(failure)).not.toThrow(NotPerformed)
  })

  test('a 5xx says whether it is a repeat, for then its key is spent', () => {
    const failed = (headers: Record<string, string>) => error(500, { type: 'api_error', headers })
    const caught = (failure: unknown): unknown => {
      try {
        return objectionOf(failure)
      } catch (thrown) {
        return thrown
      }
    }
    expect(caught(failed({ 'idempotent-replayed': 'true' }))).toMatchObject({ isReplayed: true })
    expect(caught(failed({}))).toMatchObject({ isReplayed: false })
    expect(caught(failed({}))).toBeInstanceOf(GatewayFailed)
  })
})
