import { sql } from 'kysely'
import Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { createApp, createLogger, createMetrics, createReadiness, type HttpApp, type Metrics } from '#runtime'
import type { PaymentDatabase } from '../../../../apps/payment/tables.ts'
import { webhookRoutes } from '../../../../apps/payment/webhooks/webhooks.ts'
import { freshDatabase, type TestDatabase } from '../../../support/system/database.ts'

const secret = 'whsec_of_this_test'
const log = createLogger({ service: 'test', level: 'silent' })
let database: TestDatabase
let app: HttpApp
let metrics: Metrics
let woken: number

const appWith = (secrets: readonly string[]): HttpApp => {
  const db = database.open<PaymentDatabase>('payment_service', 2)
  const made = createApp({ service: 'test', readiness: createReadiness(), log })
  made.route('/', webhookRoutes({ db, secrets, log, metrics, wake: () => (woken += 1) }))
  return made
}

beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
})
beforeEach(() => {
  metrics = createMetrics(log)
  woken = 0
  app = appWith([secret, 'whsec_of_tomorrow'])
})
afterAll(() => database[Symbol.asyncDispose]())

let number = 0
function event(object: object = { object: 'payment_intent', id: 'pi_1' }, type = 'payment_intent.succeeded') {
  number += 1
  const id = `evt_${number}`
  return { id, body: JSON.stringify({ id, object: 'event', type, created: 1_790_000_000, data: { object } }) }
}

const secondsAgo = (seconds: number): number => Math.floor(Date.now() / 1_000) - seconds
const signed = (payload: string, how: { secret?: string; timestamp?: number } = {}): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, ...how })

async function post(body: string, signature: string | undefined, to = app) {
  const headers = new Headers({ 'content-type': 'application/json; charset=utf-8' })
  if (signature !== undefined) headers.set('stripe-signature', signature)
  const response = await to.request('/webhooks/gateway', { method: 'POST', headers, body })
  return { status: response.status, type: response.headers.get('content-type'), json: await response.json() }
}

async function stored(id: string) {
  const { rows } = await sql<{ type: string; payment_id: string | null; outcome: string | null; due: boolean }>`
    select type, payment_id, outcome, next_attempt_at is not null as due from gateway_event where id = ${id}`.execute(
    database.open<PaymentDatabase>('payment_service', 1),
  )
  return rows
}
const counted = async (): Promise<readonly string[]> =>
  [
    ...(await metrics.exposition()).matchAll(
      /^paysaga_(?:webhook_requests|gateway_events)_total\{outcome="(.+)"\} (\d+)$/gm,
    ),
  ].map(([, outcome, count]) => `${outcome} ${count}`)

test('a signed event is kept and answered, without a key of a merchant, and somebody is woken', async () => {
  const { id, body } = event()
  expect(await post(body, signed(body))).toMatchObject({ status: 200, json: { received: true } })
  expect(await stored(id)).toEqual([{ type: 'payment_intent.succeeded', payment_id: 'pi_1', outcome: null, due: true }])
  expect(woken).toBe(1)
})

test('an event is kept once, however often and by whichever secret it is signed', async () => {
  const { id, body } = event()
  const statuses = await Promise.all(
    [undefined, 'whsec_of_tomorrow', undefined, undefined].map(async (other) => {
      const { status } = await post(body, signed(body, other === undefined ? {} : { secret: other }))
      return status
    }),
  )
  expect(statuses).toEqual([200, 200, 200, 200])
  expect(await stored(id)).toHaveLength(1)
  expect(await counted()).toEqual(expect.arrayContaining(['kept 1', 'repeat 3']))
})

test.each([
  ['signed with another secret', (body: string) => signed(body, { secret: 'whsec_of_nobody' }), 'forged'],
  ['signed over another body', (body: string) => signed(`${body} `), 'forged'],
  ['not signed', () => undefined, 'forged'],
  ['signed six minutes ago', (body: string) => signed(body, { timestamp: secondsAgo(360) }), 'stale'],
])('what is %s is refused, counted, and not kept', async (_name, signature, because) => {
  const { id, body } = event()
  const refused = await post(body, signature(body))
  expect(refused).toMatchObject({ status: 400, type: 'application/problem+json' })
  expect(JSON.stringify(refused.json)).not.toContain(id)
  expect(await stored(id)).toEqual([])
  expect(await counted()).toEqual([`${because} 1`])
  expect(woken).toBe(0)
})

test('what is signed and no event is refused', async () => {
  const body = '{"hello":"world"}'
  expect(await post(body, signed(body))).toMatchObject({ status: 400, json: { code: 'invalid_event' } })
  expect(await counted()).toEqual(['invalid 1'])
})

test('a body beyond the limit is refused before anybody looks at it', async () => {
  const body = JSON.stringify({ padding: 'x'.repeat(300 * 1024) })
  expect(await post(body, signed(body))).toMatchObject({ status: 413 })
})

test('without a secret nothing is taken, and the gateway is told to come again', async () => {
  const { id, body } = event()
  expect(await post(body, signed(body), appWith([]))).toMatchObject({
    status: 503,
    json: { code: 'webhooks_not_configured' },
  })
  expect(await stored(id)).toEqual([])
  expect(await counted()).toEqual(['unconfigured 1'])
})

test('a dispute and what is none of ours is kept and counted, and there is nothing to handle', async () => {
  const dispute = event({ object: 'dispute', id: 'dp_1', payment_intent: 'pi_1' }, 'charge.dispute.created')
  const other = event({ object: 'customer', id: 'cus_1' }, 'customer.created')
  for (const { body } of [dispute, other]) expect((await post(body, signed(body))).status).toBe(200)
  expect(await stored(dispute.id)).toEqual([
    { type: 'charge.dispute.created', payment_id: null, outcome: 'dispute', due: false },
  ])
  expect(await stored(other.id)).toMatchObject([{ outcome: 'other', due: false }])
  expect(await counted()).toEqual(expect.arrayContaining(['kept 2', 'dispute 1', 'other 1']))
  expect(woken).toBe(0)
})
