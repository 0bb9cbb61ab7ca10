import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { NotPerformed } from '#messaging'
import { stripeLookUps } from '../../../../apps/payment/gateway/stripe/stripe-look-ups.ts'
import { failure, intent, list, refund, type StripeStub, stripeStub } from '../../../support/gateway/stripe-stub.ts'

const orderId = randomUUID()
let stub: StripeStub | undefined
afterEach(async () => {
  await stub?.[Symbol.asyncDispose]()
  stub = undefined
})

interface Gateway {
  readonly intent?: object
  readonly refunds?: readonly object[]
  readonly found?: readonly object[]
  readonly status?: number
}

async function lookingAt({ intent: body, refunds = [], found = [], status = 200 }: Gateway) {
  const made = await stripeStub(({ line }) => {
    if (status !== 200) return { status, body: failure('invalid_request_error') }
    if (line.endsWith('/search')) return { body: list(...found) }
    if (line.endsWith('/refunds')) return { body: list(...refunds) }
    return body === undefined ? { status: 404, body: failure('invalid_request_error') } : { body }
  })
  stub = made
  return stripeLookUps({ url: made.url, apiKey: 'sk_test', requestTimeoutMs: 2_000 })
}

const money = { amountMinor: 1_200n, currency: 'EUR' }
const charge = (more: object = {}) => ({ object: 'charge', id: 'ch_1', amount_refunded: 0, ...more })

describe('what is found of an intent', () => {
  test.each([
    ['requires_capture', {}, { type: 'Held', paymentId: 'pi_1', ...money }],
    ['succeeded', { latest_charge: charge() }, { type: 'Captured', paymentId: 'pi_1', ...money }],
    ['canceled', { latest_charge: charge() }, { type: 'Gone', because: 'cancelled' }],
    ['canceled', { latest_charge: charge(), cancellation_reason: 'automatic' }, { type: 'Gone', because: 'expired' }],
    ['canceled', { latest_charge: charge(), cancellation_reason: 'abandoned' }, { type: 'Gone', because: 'cancelled' }],
    [
      'requires_payment_method',
      { last_payment_error: { type: 'card_error', decline_code: 'stolen_card' } },
      { type: 'Refused', operation: 'authorise', code: 'stolen_card' },
    ],
  ])('%s %o is a fact', async (status, more, fact) => {
    const lookUps = await lookingAt({ intent: intent('pi_1', status, { ...more, metadata: { orderId } }) })
    expect(await lookUps.lookUp('pi_1')).toMatchObject({ paymentId: 'pi_1', orderId, status, fact, refunds: [] })
  })

  test('given up for want of an authentication, it was refused: nothing was ever held', async () => {
    const lookUps = await lookingAt({ intent: intent('pi_1', 'canceled', { cancellation_reason: 'abandoned' }) })
    const fact = { type: 'Refused', operation: 'authorise', code: 'authentication_required' }
    expect(await lookUps.lookUp('pi_1')).toMatchObject({ fact })
  })

  test.each(['processing', 'requires_action', 'requires_confirmation', 'requires_payment_method'])(
    '%s decides nothing yet',
    async (status) => {
      const lookUps = await lookingAt({ intent: intent('pi_1', status) })
      expect(await lookUps.lookUp('pi_1')).toMatchObject({ fact: undefined, orderId: undefined, status })
    },
  )
})

describe('its refunds', () => {
  const refunds = [
    refund('re_3', 'pending'),
    refund('re_2', 'failed', { failure_reason: 'expired_or_canceled_card' }),
    refund('re_1', 'succeeded', { metadata: { refundId: 'r1' } }),
  ]
  const facts = [
    { type: 'RefundSucceeded', refundId: 'r1', amountMinor: 500n },
    { type: 'RefundFailed', refundId: 're_2', code: 'expired_or_canceled_card' },
  ]

  test('come the oldest first, under our id where they have one, without those on their way', async () => {
    const returned = intent('pi_1', 'succeeded', { latest_charge: charge({ amount_refunded: 500 }) })
    const lookUps = await lookingAt({ intent: returned, refunds })
    expect(await lookUps.lookUp('pi_1')).toMatchObject({ refunds: facts })
  })

  test('are listed where something was returned, or somebody has said that they changed', async () => {
    const lookUps = await lookingAt({ intent: intent('pi_1', 'succeeded', { latest_charge: charge() }), refunds })
    expect(await lookUps.lookUp('pi_1')).toMatchObject({ refunds: [] })
    expect(stub?.requests).toHaveLength(1)
    expect(await lookUps.lookUp('pi_1', { withRefunds: true })).toMatchObject({ refunds: facts })
  })

  test('of another currency than the payment are nothing that can be booked', async () => {
    const dollars = refund('re_1', 'succeeded', { currency: 'usd' })
    const lookUps = await lookingAt({ intent: intent('pi_1', 'succeeded'), refunds: [dollars] })
    await expect(lookUps.lookUp('pi_1', { withRefunds: true })).rejects.toThrow('another currency')
  })
})

test('an intent is found by its order, the one that money hangs on before others', async () => {
  const of = (id: string, status: string) => intent(id, status, { metadata: { orderId } })
  const many = await lookingAt({ found: [of('pi_1', 'requires_confirmation'), of('pi_2', 'requires_capture')] })
  expect(await many.search(orderId)).toMatchObject({ paymentId: 'pi_2', fact: { type: 'Held' } })
  await stub?.[Symbol.asyncDispose]()
  const none = await lookingAt({ found: [] })
  expect(await none.search(orderId)).toBeUndefined()
})

test('an intent that is not there is none, and a gateway that does not look has not said so', async () => {
  expect(await (await lookingAt({})).lookUp('pi_1')).toBeUndefined()
  await stub?.[Symbol.asyncDispose]()
  await expect((await lookingAt({ status: 401 })).lookUp('pi_1')).rejects.toBeInstanceOf(NotPerformed)
  await stub?.[Symbol.asyncDispose]()
  await expect((await lookingAt({ status: 500 })).lookUp('pi_1')).rejects.not.toBeInstanceOf(NotPerformed)
})
