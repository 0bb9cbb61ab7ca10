import { randomUUID } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { NotPerformed } from '#messaging'
import { stripeList } from '../../../../apps/payment/gateway/stripe/stripe-list.ts'
import {
  failure,
  intent,
  list,
  type StripeStub,
  type StubAnswer,
  stripeStub,
} from '../../../support/gateway/stripe-stub.ts'

const orderId = randomUUID()
let stub: StripeStub | undefined
afterEach(async () => {
  await stub?.[Symbol.asyncDispose]()
  stub = undefined
})

async function listing(answer: StubAnswer) {
  stub = await stripeStub(() => answer)
  return stripeList({ url: stub.url, apiKey: 'sk_test', requestTimeoutMs: 2_000 })
}
const wanted = { since: new Date('2026-11-01T00:00:00.900Z'), until: new Date('2026-11-02T00:00:00.900Z'), after: null }
const of = (id: string, status: string, more: object = {}) => intent(id, status, { metadata: { orderId }, ...more })
const charge = (returned: number) => ({ object: 'charge', id: 'ch_1', amount_refunded: returned })

test('a page of a hundred is asked for, by time, with what became of each charge, behind the last one', async () => {
  const page = await listing({ body: list() })
  await page.page(wanted)
  await page.page({ ...wanted, after: 'pi_9' })
  const [first, second] = stub?.requests ?? []
  expect(first?.line).toBe('GET /v1/payment_intents')
  expect(Object.fromEntries(first?.body ?? [])).toEqual({
    limit: '100',
    'created[gte]': '1793491200',
    'created[lt]': '1793577600',
    'expand[0]': 'data.latest_charge',
  })
  expect(second?.body.get('starting_after')).toBe('pi_9')
})

test('each says whose it is, what is true of the money, and what was given back', async () => {
  const page = await listing({
    body: {
      ...list(
        of('pi_6', 'succeeded', { latest_charge: charge(300) }),
        // Stripe gives back what was held as a refund: nothing was taken.
        of('pi_5', 'canceled', { latest_charge: charge(1_200) }),
        of('pi_4', 'requires_capture'),
        of('pi_3', 'processing'),
        of('pi_2', 'a status of next year'),
        intent('pi_1', 'requires_confirmation'),
      ),
      has_more: true,
    },
  })
  const { intents, hasMore } = await page.page(wanted)
  expect(hasMore).toBe(true)
  const money = { amountMinor: 1_200n, currency: 'EUR' }
  expect(intents).toMatchObject([
    { paymentId: 'pi_6', orderId, fact: { type: 'Captured', ...money }, returnedMinor: 300n },
    { paymentId: 'pi_5', fact: { type: 'Gone', because: 'cancelled' }, returnedMinor: 0n },
    { paymentId: 'pi_4', fact: { type: 'Held', ...money }, returnedMinor: 0n },
    { paymentId: 'pi_3', fact: undefined, status: 'processing' },
    { paymentId: 'pi_2', fact: undefined, status: 'a status of next year' },
    { paymentId: 'pi_1', orderId: undefined, fact: undefined, status: 'requires_confirmation' },
  ])
})

test('a gateway that refuses to list has not said that there is nothing', async () => {
  await expect((await listing({ status: 403, body: failure('invalid_request_error') })).page(wanted)).rejects.toThrow(
    NotPerformed,
  )
  for (const [status, message] of [
    [400, 'The list failed: invalid_request_error'],
    [404, 'The list failed: not_found'],
    [500, 'Stripe answered 500'],
  ] as const) {
    await stub?.[Symbol.asyncDispose]()
    const refusing = await listing({ status, body: failure('invalid_request_error') })
    await expect(refusing.page(wanted)).rejects.toThrow(message)
  }
})
