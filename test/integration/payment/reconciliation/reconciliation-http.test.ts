import { randomUUID, randomUUIDv7 } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { createApp, createLogger, createMetrics, createReadiness, env, type HttpApp } from '#runtime'
import type { WantedPage } from '../../../../apps/payment/gateway/gateway-list.ts'
import { reconcileOnce } from '../../../../apps/payment/reconciliation/reconciliation.ts'
import { reconciliationRoutes } from '../../../../apps/payment/reconciliation/reconciliation-http.ts'
import { watchReconciliation } from '../../../../apps/payment/reconciliation/reconciliation-metrics.ts'
import type { ReconciliationOptions } from '../../../../apps/payment/reconciliation/reconciliation-options.ts'
import type { PaymentDatabase } from '../../../../apps/payment/tables.ts'
import {
  type ListingGateway,
  listingGateway,
  takenAtGateway as taken,
} from '../../../support/gateway/listing-gateway.ts'
import { payingOrder, uncalled } from '../../../support/payment/paying-order.ts'
import { freshDatabase, type TestDatabase } from '../../../support/system/database.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const dayMs = 24 * 60 * 60 * 1_000
let database: TestDatabase
let db: Kysely<PaymentDatabase>
let app: HttpApp
let gateway: ListingGateway
let options: ReconciliationOptions
let woken = 0

beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  db = database.open<PaymentDatabase>('payment_service')
  const keys = env.operatorKeys().parse('sk_ops_paysaga=ada')
  app = createApp({ service: 'test', readiness: createReadiness(), log })
  app.route('/', reconciliationRoutes({ db, keys, wake: () => (woken += 1) }))
})
beforeEach(async () => {
  await sql`update reconciliation set state = 'finished', finished_at = now() where state = 'running'`.execute(db)
  gateway = listingGateway()
  const { list, lookUps } = gateway
  options = { db, participant: uncalled, list, lookUps, log, metrics: createMetrics(log), lookUpMs: 1_000 }
})
afterAll(() => database[Symbol.asyncDispose]())

interface Sent {
  readonly method?: string
  readonly body?: string | object
  readonly as?: string
}

async function send(path: string, { method = 'GET', body, as = 'sk_ops_paysaga' }: Sent = {}) {
  const headers = new Headers({ authorization: `Bearer ${as}` })
  if (body !== undefined) headers.set('content-type', 'application/json')
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const response = await app.request(path, { method, headers, ...(text === undefined ? {} : { body: text }) })
  const type = response.headers.get('content-type') ?? ''
  return { status: response.status, type, headers: response.headers, json: JSON.parse(await response.text()) }
}
const ask = (body?: string | object) => send('/reconciliations', { method: 'POST', ...(body && { body }) })

test('one is begun, woken for, and answered with itself while it runs', async () => {
  const before = woken
  const asked = await ask()
  expect(asked).toMatchObject({ status: 202, json: { by: 'ada', state: 'running', stage: 'intents', pages: 0 } })
  expect(asked.headers.get('location')).toBe(`/reconciliations/${asked.json.id}`)
  expect(woken).toBe(before + 1)
  const { since, until } = asked.json
  expect(Date.parse(until) - Date.parse(since)).toBe(8 * dayMs)
  expect(Date.now() - Date.parse(until)).toBeGreaterThanOrEqual(120_000)
  expect((await ask({ since: '2026-01-01T00:00:00Z' })).json).toEqual(asked.json)
  while (await reconcileOnce(options));
  const next = await ask({ since: '2026-01-01T00:00:00Z', until: '2026-02-01T01:00:00+01:00' })
  expect(next).toMatchObject({
    status: 202,
    json: { since: '2026-01-01T00:00:00.000Z', until: '2026-02-01T00:00:00.000Z' },
  })
  expect(next.json.id).not.toBe(asked.json.id)
})

test('its progress and its findings can be seen, and every one in a list, the newest first', async () => {
  const paymentId = `pi_${randomUUID()}`
  const orderId = randomUUIDv7()
  gateway.intents = [taken({ orderId, paymentId }), taken({ orderId: 'of somebody else', paymentId: 'pi_other' })]
  const first = (await ask()).json.id
  expect((await send(`/reconciliations/${first}`)).json).toMatchObject({ state: 'running', findings: [] })
  while (await reconcileOnce(options));
  const { status, json } = await send(`/reconciliations/${first}`)
  expect(status).toBe(200)
  expect(json).toMatchObject({ state: 'finished', pages: 2, intentsSeen: 2, reported: 1, notOurs: 1, repaired: 0 })
  expect(json.findings).toMatchObject([
    {
      kind: 'missing_here',
      orderId,
      paymentId,
      evidence: { outcome: 'unknown_order', gateway: { fact: { type: 'Captured', amountMinor: 1_200 } } },
    },
  ])
  const order = await payingOrder(db, ['OrderPlaced', 'Held'], paymentId)
  gateway.intents = [taken({ orderId: order.orderId, paymentId })]
  const second = (await ask()).json.id
  while (await reconcileOnce(options));
  const listed = (await send('/reconciliations?limit=2')).json.reconciliations
  expect(listed.map(({ id }: { id: string }) => id)).toEqual([second, first])
  expect((await send(`/reconciliations/${second}`)).json.findings).toEqual([])
  const settled = (await send(`/reconciliations/${first}`)).json.findings
  expect(settled).toMatchObject([{ paymentId, settledAt: expect.stringMatching(/^\d{4}-/) }])
})

test('one is cancelled by name, at once and for whoever is at its page, unless it has ended by itself', async () => {
  const { id } = (await ask()).json
  const cancel = (which: string) => send(`/reconciliations/${which}/cancel`, { method: 'POST' })
  gateway.intents = [taken({ orderId: randomUUIDv7(), paymentId: `pi_${randomUUID()}` })]
  const cancelling = async (wanted: WantedPage) => {
    expect(await cancel(id)).toMatchObject({ status: 200, json: { state: 'cancelled', cancelledBy: 'ada' } })
    return await gateway.list.page(wanted)
  }
  expect(await reconcileOnce({ ...options, list: { page: cancelling } })).toBe(false)
  expect(await cancel(id)).toMatchObject({
    status: 200,
    json: { pages: 0, reported: 0, finishedAt: expect.any(String) },
  })
  expect(await reconcileOnce(options)).toBe(false)
  const next = (await ask()).json.id
  while (await reconcileOnce(options));
  expect(await cancel(next)).toMatchObject({ status: 409, json: { code: 'has_ended' } })
  expect(await cancel(randomUUIDv7())).toMatchObject({ status: 404, json: { code: 'no_such_reconciliation' } })
})

test('nobody without a key of an operator begins or sees any', async () => {
  const { id } = (await ask()).json
  for (const [method, path] of [
    ['POST', '/reconciliations'],
    ['GET', '/reconciliations'],
    ['GET', `/reconciliations/${id}`],
    ['POST', `/reconciliations/${id}/cancel`],
  ] as const) {
    const refused = await send(path, { method, as: 'sk_test_paysaga' })
    expect(refused).toMatchObject({ status: 401, type: expect.stringContaining('application/problem+json') })
  }
})

test('what is not valid is refused with problem details, and nothing is begun', async () => {
  const before = (await send('/reconciliations')).json
  const bodies = [
    '{',
    '[]',
    { since: 'yesterday' },
    { since: '2026-01-01' },
    { since: '2026-01-01T00:00:00Z', from: 'here' },
    { since: '2026-02-01T00:00:00Z', until: '2026-01-01T00:00:00Z' },
    { since: new Date(Date.now() + dayMs).toISOString() },
  ]
  for (const body of bodies) {
    const refused = await ask(body)
    expect([body, refused.status, refused.type]).toEqual([body, 400, expect.stringContaining('problem+json')])
  }
  for (const path of ['/reconciliations/1', '/reconciliations?limit=0', '/reconciliations?limit=1001']) {
    expect((await send(path)).status).toBe(400)
  }
  expect(await send(`/reconciliations/${randomUUIDv7()}`)).toMatchObject({
    status: 404,
    json: { code: 'no_such_reconciliation' },
  })
  expect((await send('/reconciliations')).json).toEqual(before)
})

test('metrics count what was compared, and show what stands and since when nothing was', async () => {
  const metrics = createMetrics(log)
  watchReconciliation(metrics, db)
  gateway.intents = [taken({ orderId: randomUUIDv7(), paymentId: `pi_${randomUUID()}` })]
  await ask()
  while (await reconcileOnce({ ...options, metrics }));
  const shown = await metrics.exposition()
  expect(shown).toMatch(/^paysaga_reconciled_total\{verdict="reported"\} 1$/m)
  expect(shown).toMatch(/^paysaga_reconciliation_findings\{kind="missing_here"\} [1-9]/m)
  expect(shown).toMatch(/^paysaga_reconciliation_findings\{kind="state_differs"\} 0$/m)
  expect(shown).toMatch(/^paysaga_reconciliation_age_seconds [0-9.e-]+$/m)
})
