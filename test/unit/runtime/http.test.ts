import { createRoute, z } from '@hono/zod-openapi'
import { beforeEach, expect, test } from 'vitest'
import {
  authenticate,
  createApp,
  createLogger,
  createReadiness,
  env,
  type HttpApp,
  problem,
  sendJson,
  traceparentOf,
} from '#runtime'

const merchant = '018f4e7e-6a3b-7cc1-8f5a-2d1c3b4a5968'
const readiness = createReadiness()
let lines: string[] = []
let app: HttpApp

beforeEach(() => {
  lines = []
  const log = createLogger({ service: 'test', level: 'debug' }, { write: (line) => void lines.push(line) })
  app = createApp({ service: 'test', readiness, log })
})

const basket = z.object({ items: z.array(z.object({ quantity: z.int().positive() })) })
const placing = createRoute({
  method: 'post',
  path: '/baskets',
  request: { body: { required: true, content: { 'application/json': { schema: basket } } } },
  responses: {
    200: { description: 'Its total', content: { 'application/json': { schema: z.object({ totalMinor: z.int() }) } } },
  },
})
const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  app.request('/baskets', { method: 'POST', body, headers })

test('names the field that is wrong as the sender wrote it', async () => {
  app.openapi(placing, (c) => sendJson(c, { totalMinor: 12n }, { status: 200 }))
  const response = await post('{"items":[{"quantity":0}]}')
  expect(response.status).toBe(400)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({
    type: 'urn:paysaga:problem:invalid_request',
    status: 400,
    errors: [{ field: 'items[0].quantity' }],
  })
})

test('writes bigints as integers', async () => {
  app.openapi(placing, (c) => sendJson(c, { totalMinor: 12n }, { status: 200 }))
  expect(await (await post('{"items":[]}')).text()).toBe('{"totalMinor":12}')
})

test.each([
  { what: 'JSON that is none', body: '{"items":', status: 400, code: 'malformed_json' },
  { what: 'text', body: 'x', contentType: 'text/plain', status: 415, code: 'unsupported_media_type' },
  { what: 'more than 256 KiB', body: `"${'x'.repeat(262_144)}"`, status: 413, code: 'too_large' },
])('refuses $what', async ({ body, contentType = 'application/json', status, code }) => {
  app.openapi(placing, (c) => sendJson(c, { totalMinor: 12n }, { status: 200 }))
  const response = await post(body, { 'content-type': contentType, 'content-length': String(body.length) })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ code, status })
})

test('answers 404 with problem details', async () => {
  const response = await app.request('/nowhere')
  expect([response.status, await response.json()]).toMatchObject([404, { code: 'not_found' }])
})

test('gives a thrown problem as the answer, with its headers', async () => {
  app.get('/orders/1', () => {
    throw problem({ status: 409, code: 'order_refunded', title: 'Too late', headers: { 'x-hint': 'refunded' } })
  })
  const response = await app.request('/orders/1')
  expect(response.headers.get('x-hint')).toBe('refunded')
  expect(await response.json()).toMatchObject({ code: 'order_refunded', title: 'Too late', status: 409 })
})

test('says nothing about an error of ours but its request id, and logs it under that', async () => {
  app.get('/bug', () => {
    throw new Error('password=hunter2')
  })
  const response = await app.request('/bug', { headers: { 'x-request-id': 'request-1' } })
  const text = await response.text()
  expect(response.status).toBe(500)
  expect(text).toContain('request-1')
  expect(text).not.toContain('hunter2')
  expect(lines.join('')).toMatch(/"requestId":"request-1","err":|"err":.*"requestId":"request-1"/)
})

test('answers 503 with Retry-After while the database is away', async () => {
  app.get('/orders', () => {
    throw Object.assign(new Error('the database system is starting up'), { code: '57P03' })
  })
  const response = await app.request('/orders')
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
})

test('lets in who has a key and tells the handler the merchant', async () => {
  const keys = env.apiKeys().parse(`sk_test_paysaga=${merchant}`)
  app.use('/mine', authenticate(keys))
  app.get('/mine', (c) => c.text(c.get('merchantId')))
  const answers = ['Bearer sk_test_paysaga', 'Bearer sk_test_paysagb', 'Basic eA==', ''].map(async (authorization) => {
    const response = await app.request('/mine', { headers: { authorization } })
    return [response.status, response.headers.get('www-authenticate')?.startsWith('Bearer') ?? (await response.text())]
  })
  expect(await Promise.all(answers)).toEqual([
    [200, merchant],
    [401, true],
    [401, true],
    [401, true],
  ])
})

test('tells what is awaited while it is alive but not ready', async () => {
  readiness.check('PostgreSQL', () => 'ECONNREFUSED')
  expect((await app.request('/healthz')).status).toBe(200)
  const response = await app.request('/readyz')
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { detail: 'waiting for PostgreSQL: ECONNREFUSED' },
  ])
  readiness.check('PostgreSQL', () => undefined)
  expect((await app.request('/readyz')).status).toBe(200)
})

test('serves its documentation from its own files', async () => {
  app.openapi(placing, (c) => sendJson(c, { totalMinor: 12n }, { status: 200 }))
  expect(await (await app.request('/openapi.json')).json()).toMatchObject({
    openapi: '3.1.0',
    paths: { '/baskets': { post: {} } },
  })
  const page = await (await app.request('/docs')).text()
  const files = Array.from(page.matchAll(/(?:src|href)="(\/[^"]+)"/g), ([, file = '']) => file)
  expect(files).toHaveLength(3)
  for (const file of files) expect((await app.request(file)).status).toBe(200)
})

test('writes one line a request, without the body', async () => {
  app.openapi(placing, (c) => sendJson(c, { totalMinor: 12n }, { status: 200 }))
  await post('{"items":[],"note":"private"}')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    service: 'test',
    level: 'debug',
    method: 'POST',
    path: '/baskets',
    status: 200,
  })
  expect(lines[0]).not.toContain('private')
})

test.each([
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
  ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', false],
  ['nonsense', false],
])('keeps the trace context %s: %s', (given, kept) => {
  const traceparent = traceparentOf({ header: () => given })
  expect(traceparent === given).toBe(kept)
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
})
