import { readFile } from 'node:fs/promises'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Gateway } from '../../../apps/simulators/gateway/engine/gateway.ts'
import type { Misdeed } from '../../../apps/simulators/gateway/faults/faults.ts'
import { startSimulator } from './in-process.ts'

const intent = z.object({ id: z.string(), status: z.string() })
let gateway: Gateway
let url: string

beforeEach(async () => {
  const simulator = await startSimulator()
  gateway = simulator.gateway
  url = simulator.url
  onTestFinished(() => simulator[Symbol.asyncDispose]())
})

const headers = { authorization: 'Bearer sk', 'content-type': 'application/x-www-form-urlencoded' }
const post = (path: string, values: Record<string, string> = {}, key = path) =>
  fetch(`${url}/v1${path}`, {
    method: 'POST',
    headers: { ...headers, 'idempotency-key': key },
    body: new URLSearchParams(values).toString(),
  })
const held = async (orderId: string): Promise<string> => {
  const order = { amount: '1200', currency: 'eur', capture_method: 'manual', 'metadata[orderId]': orderId }
  const response = await post(
    '/payment_intents',
    { ...order, payment_method: 'pm_card_visa', confirm: 'true' },
    orderId,
  )
  return intent.parse(await response.json()).id
}
const misbehave = async (match: object, misdeed: Misdeed, times?: number) => {
  const response = await fetch(`${url}/simulator/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults: [{ match, times, do: misdeed }] }),
  })
  expect(response.status).toBe(200)
}
const statusOf = (id: string) => gateway.intent(id)?.status

test.each<[string, Misdeed, readonly [number | 'nothing', string, number]]>([
  [
    'a 402 in its place',
    { answer: { status: 402, type: 'card_error', code: 'expired_card', message: 'No.' } },
    [402, 'requires_capture', 200],
  ],
  ['a 500 before it', { status: 500, when: 'before' }, [500, 'requires_capture', 200]],
  ['a 500 after it', { status: 500, when: 'after' }, [500, 'succeeded', 200]],
  ['silence before it', { hangUp: 'before' }, ['nothing', 'requires_capture', 200]],
  ['silence after it', { hangUp: 'after' }, ['nothing', 'succeeded', 200]],
  ['a reset before it', { reset: 'before' }, ['nothing', 'requires_capture', 200]],
  ['a reset after it', { reset: 'after' }, ['nothing', 'succeeded', 200]],
  ['a 500 before it, replayed', { status: 500, when: 'before', replayed: true }, [500, 'requires_capture', 500]],
  ['a 500 after it, replayed', { status: 500, when: 'after', replayed: true }, [500, 'succeeded', 500]],
  [
    'too many at once',
    { answer: { status: 429, type: 'invalid_request_error', code: 'rate_limit', message: 'Slower.' } },
    [429, 'requires_capture', 200],
  ],
  ['a delay', { delayMs: 20 }, [200, 'succeeded', 200]],
  ['a delay after it', { delayMs: 20, when: 'after' }, [200, 'succeeded', 200]],
  ['a hold that has expired', { cancelIntent: 'expired' }, [400, 'canceled', 400]],
])('a capture meets %s, and the record has the truth', async (_name, misdeed, [status, state, again]) => {
  const id = await held('o1')
  await misbehave({ operation: 'capture', orderId: 'o1' }, misdeed, 1)
  const answer = post(`/payment_intents/${id}/capture`).then(
    (response) => response.status,
    () => 'nothing',
  )
  expect([await answer, statusOf(id)]).toEqual([status, state])
  // The same request under the same key, now that nothing is in its way.
  expect((await post(`/payment_intents/${id}/capture`)).status).toBe(again)
})

test.each([
  ['before', 'requires_capture'],
  ['after', 'succeeded'],
] as const)('hangs %s the deed until the client gives up', async (hang, state) => {
  const id = await held('o1')
  await misbehave({ operation: 'capture' }, { hang }, 1)
  const giveUp = AbortSignal.timeout(300)
  const answer = fetch(`${url}/v1/payment_intents/${id}/capture`, { method: 'POST', headers, signal: giveUp })
  await expect(answer).rejects.toThrow('aborted due to timeout')
  expect(statusOf(id)).toBe(state)
})

test('a 500 that is replayed is an idempotent answer of its own, and leaves other keys alone', async () => {
  const id = await held('o1')
  await misbehave({ operation: 'capture' }, { status: 500, when: 'after', replayed: true }, 1)
  expect((await post(`/payment_intents/${id}/capture`)).headers.get('idempotent-replayed')).toBeNull()
  const again = await post(`/payment_intents/${id}/capture`)
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([500, 'true'])
  expect(await again.json()).toMatchObject({ error: { type: 'api_error' } })
  const other = await post(`/payment_intents/${id}/capture`, {}, 'another key')
  expect(await other.json()).toMatchObject({ error: { code: 'payment_intent_unexpected_state' } })
})

test('a key is free again when its time is over, and its answer is gone', async () => {
  await using short = await startSimulator({ keySeconds: 0 })
  const create = () =>
    short.stripe.paymentIntents.create({ amount: 1, currency: 'eur' }, { idempotencyKey: 'the same' })
  expect((await create()).id).not.toBe((await create()).id)
})

test('a fault strikes its own order and operation alone', async () => {
  await misbehave({ operation: 'create', orderId: 'o1' }, { status: 500, when: 'before' })
  await expect(held('o1')).rejects.toThrow('invalid')
  const id = await held('o2')
  await misbehave({ operation: 'refund', amount: 1_200 }, { status: 500, when: 'before' })
  expect((await post(`/payment_intents/${id}/capture`)).status).toBe(200)
  expect((await post('/refunds', { payment_intent: id })).status).toBe(500)
  await misbehave({ operation: 'retrieve', orderId: 'o2' }, { status: 500, when: 'before' })
  const look = async (path: string) => (await fetch(`${url}/v1${path}`, { headers })).status
  expect([await look(`/payment_intents/${id}`), await look(`/refunds?payment_intent=${id}`)]).toEqual([500, 500])
  const search = (orderId: string) => look(`/payment_intents/search?query=metadata['orderId']:'${orderId}'`)
  expect([await search('o2'), await search('o1')]).toEqual([500, 200])
})

test('faults are listed with how often they have struck, until they are deleted', async () => {
  const id = await held('o1')
  await misbehave({ operation: 'capture' }, { delayMs: 1 }, 5)
  await post(`/payment_intents/${id}/capture`)
  const address = `${url}/simulator/faults`
  expect(await (await fetch(address)).json()).toMatchObject({ faults: [{ struck: 1, times: 5 }] })
  expect((await fetch(address, { method: 'DELETE' })).status).toBe(204)
  expect(await (await fetch(address)).json()).toEqual({ faults: [] })
})

test('a fault that is none is refused by name', async () => {
  const body = JSON.stringify({ faults: [{ match: { operation: 'capture' }, do: { delayMs: 1, hangUp: 'after' } }] })
  const response = await fetch(`${url}/simulator/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
  })
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('faults[0].do')
})

test('takes the examples of its documentation', async () => {
  const text = await readFile(new URL('../../../docs/gateway-simulator.md', import.meta.url), 'utf8')
  const examples = [...text.matchAll(/ -d '(\{[^']*\})'/g)].map(([, body = '']) => body)
  expect(examples.length).toBeGreaterThan(2)
  for (const body of examples) {
    const response = await fetch(`${url}/simulator/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect([response.status, body]).toEqual([200, body])
  }
})
