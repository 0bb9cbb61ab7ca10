import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createApp, createLogger, createReadiness } from '#runtime'
import { faultRoutes } from '../../../apps/gateway-simulator/fault-routes.ts'
import { createFaults, type Misdeed } from '../../../apps/gateway-simulator/faults.ts'
import { createGateway, type Gateway } from '../../../apps/gateway-simulator/gateway.ts'
import { gatewayRoutes } from '../../../apps/gateway-simulator/http.ts'
import { openRecord } from '../../../apps/gateway-simulator/record.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const intent = z.object({ id: z.string(), status: z.string() })
let gateway: Gateway
let url: string

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'misbehaviour-'))
  const record = await openRecord(directory, { onEntry: () => undefined, log })
  gateway = createGateway({ holdSeconds: 60 })
  gateway.writeTo(record)
  const faults = createFaults()
  const app = createApp({ service: 'gateway-simulator', readiness: createReadiness(), log })
  app.route('/', gatewayRoutes({ gateway, log, apiKey: 'sk', latencyMs: 0, faults }))
  app.route('/', faultRoutes(faults))
  const respond = getRequestListener(app.fetch)
  const server = createServer((request, response) => void respond(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  url = `http://127.0.0.1:${address.port}`
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await record.close()
    await rm(directory, { recursive: true })
  })
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
  ['a delay', { delayMs: 20 }, [200, 'succeeded', 200]],
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
