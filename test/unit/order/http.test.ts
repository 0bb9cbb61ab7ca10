import { afterAll, describe, expect, test } from 'vitest'
import { closeDatabase, createApp, createLogger, createReadiness, env, openDatabase } from '#runtime'
import { orderCommands } from '../../../apps/order/commands.ts'
import { orderRoutes } from '../../../apps/order/http.ts'
import { fingerprintOf } from '../../../apps/order/idempotency.ts'
import { orderParticipant } from '../../../apps/order/saga.ts'
import { decodeCursor, encodeCursor } from '../../../apps/order/schemas.ts'
import type { OrderDatabase } from '../../../apps/order/tables.ts'
import { silentLog } from '../../support/counter/counter.ts'
import { limits, merchantId, orderId } from './orders.ts'

// Nobody listens on port 1: what gets as far as the database is answered with 503, so nothing below is decided.
const log = createLogger({ service: 'order-service', level: 'silent' })
const url = 'postgresql://order_service@127.0.0.1:1/nowhere'
const db = openDatabase<OrderDatabase>({ url, service: 'order-service', poolMax: 2, log })
const app = createApp({ service: 'order-service', readiness: createReadiness(), log })
const commands = orderCommands(db, orderParticipant(limits), silentLog)
const apiKeys = env.apiKeys().parse(`sk_test_paysaga=${merchantId}`)
app.route('/', orderRoutes({ db, commands, apiKeys }))
afterAll(() => closeDatabase(db))

const authorization = 'Bearer sk_test_paysaga'
const headers = { authorization, 'content-type': 'application/json', 'idempotency-key': 'k1' }
const item = { sku: 'lamp', quantity: 2, unitPriceMinor: 5_000 }
const body = { customer: { email: 'ada@example.com' }, currency: 'EUR', items: [item], paymentMethod: 'pm_card_visa' }
const post = (path: string, sent: unknown) => app.request(path, { method: 'POST', headers, body: JSON.stringify(sent) })

test.each([
  ['GET', '/orders'],
  ['POST', '/orders'],
  ['GET', `/orders/${orderId}`],
  ['POST', `/orders/${orderId}/cancel`],
  ['GET', `/orders/${orderId}/refunds`],
  ['POST', `/orders/${orderId}/refunds`],
])('%s %s asks for an API key before anything else', async (method, path) => {
  expect((await app.request(path, { method })).status).toBe(401)
})

describe('POST /orders refuses', () => {
  const pairs = (number: number) => Object.fromEntries(Array.from({ length: number }, (_, at) => [`k${at}`, 'v']))
  test.each([
    { what: 'a member that is not known', change: { coupon: 'X' }, field: 'coupon' },
    { what: 'one within an item', change: { items: [{ ...item, color: 'red' }] }, field: 'items[0].color' },
    { what: 'no items', change: { items: [] }, field: 'items' },
    { what: 'more than 100 items', change: { items: Array.from({ length: 101 }, () => item) }, field: 'items' },
    { what: 'a quantity of 0', change: { items: [{ ...item, quantity: 0 }] }, field: 'items[0].quantity' },
    { what: 'half a piece', change: { items: [{ ...item, quantity: 0.5 }] }, field: 'items[0].quantity' },
    { what: 'a million and one', change: { items: [{ ...item, quantity: 1_000_001 }] }, field: 'items[0].quantity' },
    {
      what: 'a negative price',
      change: { items: [{ ...item, unitPriceMinor: -1 }] },
      field: 'items[0].unitPriceMinor',
    },
    {
      what: 'a fraction of a cent',
      change: { items: [{ ...item, unitPriceMinor: 0.5 }] },
      field: 'items[0].unitPriceMinor',
    },
    {
      what: 'a price as text',
      change: { items: [{ ...item, unitPriceMinor: '5' }] },
      field: 'items[0].unitPriceMinor',
    },
    {
      what: 'a price beyond 2^53',
      change: { items: [{ ...item, unitPriceMinor: 2 ** 53 }] },
      field: 'items[0].unitPriceMinor',
    },
    { what: 'a total of 0', change: { items: [{ ...item, unitPriceMinor: 0 }] }, field: 'items' },
    { what: 'a total beyond 2^53', change: { items: [{ ...item, unitPriceMinor: 2 ** 52 }] }, field: 'items' },
    { what: 'a currency that is none', change: { currency: 'EUX' }, field: 'currency' },
    { what: 'an address that is none', change: { customer: { email: 'ada' } }, field: 'customer.email' },
    {
      what: 'a name with a line break',
      change: { customer: { email: 'a@b.co', name: 'A\nBcc: x' } },
      field: 'customer.name',
    },
    { what: 'a NUL', change: { items: [{ ...item, sku: 'a\u0000' }] }, field: 'items[0].sku' },
    { what: 'half a surrogate pair', change: { items: [{ ...item, name: '\ud800' }] }, field: 'items[0].name' },
    { what: '21 pairs of metadata', change: { metadata: pairs(21) }, field: 'metadata' },
    { what: 'a number in metadata', change: { metadata: { tableMinor: 7 } }, field: 'metadata.tableMinor' },
    { what: 'a card number', change: { paymentMethod: '4242424242424242' }, field: 'paymentMethod' },
    { what: 'no payment method', change: { paymentMethod: undefined }, field: 'paymentMethod' },
  ])('$what', async ({ change, field }) => {
    const response = await post('/orders', { ...body, ...change })
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
    expect(await response.json()).toMatchObject({ code: 'invalid_request', errors: [{ field }] })
  })

  test.each([undefined, '', 'two words', 'ü', 'k'.repeat(256)])('the Idempotency-Key %s', async (key) => {
    const { 'idempotency-key': _key, ...others } = headers
    const sent = { ...others, ...(key === undefined ? {} : { 'idempotency-key': key }) }
    const response = await app.request('/orders', { method: 'POST', headers: sent, body: JSON.stringify(body) })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ field: 'idempotency-key' }] })
  })
})

test.each([
  [{ amountMinor: 0 }, 'amountMinor'],
  [{ amountMinor: -1 }, 'amountMinor'],
  [{ amountMinor: 1.5 }, 'amountMinor'],
  [{ reason: '' }, 'reason'],
  [{ amount: 5 }, 'amount'],
])('a refund of %j is refused', async (sent, field) => {
  const response = await post(`/orders/${orderId}/refunds`, sent)
  expect([response.status, await response.json()]).toMatchObject([400, { errors: [{ field }] }])
})

test.each([
  ['/orders?limit=0', 'limit'],
  ['/orders?limit=101', 'limit'],
  ['/orders?limit=x', 'limit'],
  ['/orders?status=lost', 'status'],
  ['/orders?cursor=x', 'cursor'],
  ['/orders/1', 'id'],
])('GET %s is refused', async (path, field) => {
  const response = await app.request(path, { headers: { authorization } })
  expect([response.status, await response.json()]).toMatchObject([400, { errors: [{ field }] }])
})

test('a valid request while the database is away is answered 503 with Retry-After', async () => {
  const zero = { ...item, unitPriceMinor: 0 }
  const response = await post('/orders', { ...body, items: [item, zero], metadata: { note: 'für Ada' } })
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
})

test('a cursor comes back as the order it was made of', () => {
  expect(decodeCursor(encodeCursor(orderId))).toBe(orderId)
  expect(encodeCursor(orderId)).not.toContain(orderId)
})

describe('a fingerprint', () => {
  const place = { method: 'POST', path: '/orders' }
  const one = fingerprintOf(place, { a: 1, b: { c: [1, 2], d: 'x' } })

  test('is the same for the same JSON, however its members are sorted', () => {
    expect(fingerprintOf(place, { b: { d: 'x', c: [1, 2] }, a: 1 })).toEqual(one)
  })

  test.each([
    [place, { a: 1, b: { c: [2, 1], d: 'x' } }],
    [place, { a: 1, b: { c: [1, 2], d: 'y' } }],
    [place, { a: 1, b: { c: [1, 2], d: 'x', e: null } }],
    [
      { ...place, path: '/orders/1/refunds' },
      { a: 1, b: { c: [1, 2], d: 'x' } },
    ],
    [
      { ...place, method: 'PUT' },
      { a: 1, b: { c: [1, 2], d: 'x' } },
    ],
  ])('is another one for another request', (request, sent) => {
    expect(fingerprintOf(request, sent)).not.toEqual(one)
  })
})

test('what can be asked is described', async () => {
  const description = JSON.parse(await (await app.request('/openapi.json')).text())
  expect(Object.keys(description.paths).sort()).toEqual([
    '/orders',
    '/orders/{id}',
    '/orders/{id}/cancel',
    '/orders/{id}/refunds',
  ])
  const { PlaceOrder, Order } = description.components.schemas
  expect(PlaceOrder.required).toEqual(['customer', 'currency', 'items', 'paymentMethod'])
  expect(Order.properties.totalMinor).toMatchObject({ type: 'integer' })
})
