import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { type EffectCall, NotPerformed } from '#messaging'
import { stripeGateway } from '../../../../apps/payment/gateway/stripe/stripe-gateway.ts'
import {
  failure,
  intent,
  list,
  refund,
  type StripeStub,
  type StubAnswer,
  type StubRequest,
  spent,
  stripeStub,
} from '../../../support/gateway/stripe-stub.ts'
import { effectCall } from '../../../support/payment/effect-call.ts'

const orderId = randomUUID()
const about = { orderId, merchantId: randomUUID(), amountMinor: 1_200n, currency: 'EUR' } as const
const hold = { type: 'Authorise', ...about, paymentMethod: 'pm_card_visa' } as const
const capture = { type: 'Capture', ...about, paymentId: 'pi_1' } as const
const giveBack = { type: 'Refund', ...about, amountMinor: 500n, paymentId: 'pi_1', refundId: 'r1' } as const

let stub: StripeStub | undefined
afterEach(async () => {
  await stub?.[Symbol.asyncDispose]()
  stub = undefined
})

const create = 'POST /v1/payment_intents'
const confirm = 'POST /v1/payment_intents/pi_1/confirm'
const retrieve = 'GET /v1/payment_intents/pi_1'
const search = 'GET /v1/payment_intents/search'
const take = 'POST /v1/payment_intents/pi_1/capture'
const refunds = 'POST /v1/refunds'
const listed = 'GET /v1/refunds'

/** A number is the attempt's. */
type How = number | Partial<EffectCall>
type Answers = Readonly<Record<string, (request: StubRequest) => StubAnswer>>

/** A gateway that answers so, a call of it, and what it was sent. */
async function gatewayWith(answers: Answers, { requestTimeoutMs = 2_000 } = {}) {
  const made = await stripeStub((request) => {
    const answer = answers[request.line]
    return answer === undefined ? { status: 404, body: failure('invalid_request_error') } : answer(request)
  })
  stub = made
  const gateway = stripeGateway({ url: made.url, apiKey: 'sk_test', requestTimeoutMs })
  const call = (name: string, how: How) =>
    effectCall({ idempotencyKey: `${orderId}/${name}`, ...(typeof how === 'number' ? { attempt: how } : how) })
  return {
    authorise: (how: How = 1) => gateway.authorise(hold, call('authorise', how)),
    capture: (how: How = 1) => gateway.capture(capture, call('capture', how)),
    refund: (how: How = 1) => gateway.refund(giveBack, call('refund/r1', how)),
    lines: () => made.requests.map(({ line }) => line),
    keysOf: (line: string) => made.requests.filter((request) => request.line === line).map(({ key }) => key),
  }
}

const says =
  (body: object, status = 200) =>
  (): StubAnswer => ({ status, body })
const fails = says(failure('api_error'), 500)
const held = { type: 'Held', paymentId: 'pi_1', amountMinor: 1_200n, currency: 'EUR' }
const captured = { type: 'Captured', paymentId: 'pi_1', amountMinor: 1_200n, currency: 'EUR' }

describe('a capture that an operator has tried again', () => {
  const declined = { status: 402, body: failure('card_error', { code: 'card_declined' }) }
  const told: StubAnswer = { ...declined, isReplayed: true }

  test('is sent under the next key where the refusal is only told again', async () => {
    const gateway = await gatewayWith({
      [retrieve]: says(intent('pi_1', 'requires_capture')),
      [take]: ({ key }) => (key === `${orderId}/capture/2` ? { body: intent('pi_1', 'succeeded') } : told),
    })
    expect(await gateway.capture(1)).toEqual(captured)
    expect(gateway.lines()).toEqual([take, take])
  })

  test('and refused anew stays refused', async () => {
    const gateway = await gatewayWith({
      [retrieve]: says(intent('pi_1', 'requires_capture')),
      [take]: ({ key }) => (key === `${orderId}/capture/2` ? declined : told),
    })
    expect(await gateway.capture(1)).toMatchObject({ type: 'Refused', code: 'card_declined' })
    expect(gateway.keysOf(take)).toEqual([`${orderId}/capture`, `${orderId}/capture/2`])
  })
})

test('no request that could move money outlives its call', async () => {
  const gateway = await gatewayWith({ [take]: () => ({ body: {}, isEndless: true }) }, { requestTimeoutMs: 3_600_000 })
  await expect(gateway.capture({ endsAt: performance.now() + 20 })).rejects.toThrow('aborted due to timeout')
})

describe('a gateway that answers 5xx under one key for ever', () => {
  test('has captured nevertheless: the intent says so at the second attempt, and nothing is sent again', async () => {
    const gateway = await gatewayWith({ [take]: fails, [retrieve]: says(intent('pi_1', 'succeeded')) })
    await expect(gateway.capture(1)).rejects.toThrow('500')
    expect(await gateway.capture(2)).toEqual(captured)
    expect(gateway.lines()).toEqual([take, retrieve])
  })

  test('has held nevertheless', async () => {
    const gateway = await gatewayWith({
      [create]: says(intent('pi_1', 'requires_confirmation')),
      [confirm]: fails,
      [retrieve]: says(intent('pi_1', 'requires_capture')),
    })
    await expect(gateway.authorise(1)).rejects.toThrow('500')
    expect(await gateway.authorise(2)).toMatchObject(held)
    expect(gateway.keysOf(confirm)).toEqual([`${orderId}/authorise/confirm`])
  })

  test('and has done nothing: the key is spent, the intent untouched, so the next key is used', async () => {
    const gateway = await gatewayWith({
      [retrieve]: says(intent('pi_1', 'requires_capture')),
      [take]: ({ key }) => (key === `${orderId}/capture/3` ? { body: intent('pi_1', 'succeeded') } : spent),
    })
    expect(await gateway.capture(2)).toEqual(captured)
    expect(gateway.lines()).toEqual([retrieve, take, take, take])
    expect(gateway.keysOf(take)).toEqual(['', '/2', '/3'].map((suffix) => `${orderId}/capture${suffix}`))
  })

  test('which it does not say is a repeat: the key is kept, for the first request may still be performed', async () => {
    const gateway = await gatewayWith({ [retrieve]: says(intent('pi_1', 'requires_capture')), [take]: fails })
    for (const attempt of [2, 3]) await expect(gateway.capture(attempt)).rejects.toThrow('500')
    expect(new Set(gateway.keysOf(take))).toEqual(new Set([`${orderId}/capture`]))
  })

  test('however often: keys have an end, and the outcome stays unknown', async () => {
    const gateway = await gatewayWith({ [retrieve]: says(intent('pi_1', 'requires_capture')), [take]: () => spent })
    await expect(gateway.capture(2)).rejects.not.toBeInstanceOf(NotPerformed)
    expect(gateway.keysOf(take)).toHaveLength(5)
  })

  test('while making the intent: another is made under the next key, the same at every attempt', async () => {
    const gateway = await gatewayWith({
      [create]: ({ key }) =>
        key === `${orderId}/authorise/create` ? spent : { body: intent('pi_1', 'requires_confirmation') },
      [retrieve]: says(intent('pi_1', 'requires_confirmation')),
      [confirm]: says(intent('pi_1', 'requires_capture')),
    })
    await expect(gateway.authorise(1)).rejects.toThrow('500')
    for (const attempt of [2, 3]) expect(await gateway.authorise(attempt)).toMatchObject(held)
    expect(new Set(gateway.keysOf(confirm))).toEqual(new Set([`${orderId}/authorise/confirm`]))
  })

  test('while making the intent, always: it is found by the order', async () => {
    const gateway = await gatewayWith({
      [create]: fails,
      [search]: ({ body }) => ({
        body:
          body.get('query') === `metadata['orderId']:'${orderId}'`
            ? list(intent('pi_1', 'requires_confirmation'))
            : list(),
      }),
      [retrieve]: says(intent('pi_1', 'requires_confirmation')),
      [confirm]: says(intent('pi_1', 'requires_capture')),
    })
    await expect(gateway.authorise(1)).rejects.toThrow('500')
    expect(gateway.lines()).toEqual([create])
    expect(await gateway.authorise(2)).toMatchObject(held)
  })

  test.each([
    ['nothing is found, which is no proof', list()],
    [
      'two are found and money hangs on none',
      list(
        intent('pi_1', 'requires_confirmation'),
        intent('pi_2', 'canceled'),
        intent('pi_3', 'requires_confirmation'),
      ),
    ],
  ])('while making the intent, always, and %s', async (_name, found) => {
    const gateway = await gatewayWith({ [create]: fails, [search]: says(found) })
    const outcome = gateway.authorise(2)
    await expect(outcome).rejects.toThrow('500')
    expect(gateway.lines()).toEqual([create, search])
  })

  test('and has no search: the outcome stays unknown', async () => {
    const gateway = await gatewayWith({ [create]: fails })
    await expect(gateway.authorise(2)).rejects.toThrow('500')
  })

  test('of a refund that it has made: it is found by our reference', async () => {
    const ours = refund('re_1', 'succeeded', { metadata: { refundId: 'r1' } })
    const gateway = await gatewayWith({
      [refunds]: () => spent,
      [listed]: says(list(refund('re_0', 'succeeded'), ours)),
    })
    await expect(gateway.refund(1)).rejects.toThrow('500')
    expect(await gateway.refund(2)).toEqual({ type: 'RefundSucceeded', refundId: 'r1', amountMinor: 500n })
    expect(gateway.keysOf(refunds)).toHaveLength(1)
  })

  test('of a refund that is not found: never under another key, for that could return the money twice', async () => {
    const gateway = await gatewayWith({ [refunds]: () => spent, [listed]: says(list()) })
    for (const attempt of [1, 2, 9]) await expect(gateway.refund(attempt)).rejects.toThrow('500')
    expect(new Set(gateway.keysOf(refunds))).toEqual(new Set([`${orderId}/refund/r1`]))
  })
})

describe('an outcome that is not known yet', () => {
  test.each(['processing', 'requires_confirmation'])(
    'an intent that is %s after a capture is neither taken nor refused',
    async (status) => {
      const gateway = await gatewayWith({
        [take]: says(intent('pi_1', status)),
        [retrieve]: says(intent('pi_1', status)),
      })
      await expect(gateway.capture(1)).rejects.not.toBeInstanceOf(NotPerformed)
    },
  )

  test('a refund on its way is asked for again and not made again', async () => {
    const pending = refund('re_1', 'pending', { metadata: { refundId: 'r1' } })
    const gateway = await gatewayWith({ [refunds]: says(pending), [listed]: says(list(pending)) })
    for (const attempt of [1, 2, 3]) await expect(gateway.refund(attempt)).rejects.toThrow('pending')
    expect(gateway.keysOf(refunds)).toHaveLength(1)
  })

  test('not found is no proof: a refund that no list shows is sent again under its key', async () => {
    const made = refund('re_1', 'succeeded', { metadata: { refundId: 'r1' } })
    const gateway = await gatewayWith({ [refunds]: says(made), [listed]: says(list()) })
    expect(await gateway.refund(2)).toMatchObject({ type: 'RefundSucceeded' })
    expect(gateway.keysOf(refunds)).toEqual([`${orderId}/refund/r1`])
  })
})

describe.each([
  [401, failure('invalid_request_error')],
  [403, failure('invalid_request_error')],
  [409, failure('idempotency_error', { code: 'idempotency_key_in_use' })],
  [429, failure('invalid_request_error', { code: 'lock_timeout' })],
])('%s', (status, body) => {
  test.each([1, 2])('was not performed and declines nothing, at attempt %s', async (attempt) => {
    const answer = says(body, status)
    const gateway = await gatewayWith({
      [create]: answer,
      [confirm]: answer,
      [retrieve]: says(intent('pi_1', 'requires_capture')),
      [take]: answer,
      [refunds]: answer,
      [listed]: says(list()),
    })
    await expect(gateway.authorise(attempt)).rejects.toBeInstanceOf(NotPerformed)
    await expect(gateway.capture(attempt)).rejects.toBeInstanceOf(NotPerformed)
    await expect(gateway.refund(attempt)).rejects.toBeInstanceOf(NotPerformed)
  })
})
