import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { requestId } from 'hono/request-id'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { exactJson } from '../exact-json.ts'
import type { Log } from '../logger.ts'
import { catalogue } from '../metrics/metric-catalogue.ts'
import { createMetrics, type Metrics } from '../metrics/metrics.ts'
import type { Readiness } from '../readiness.ts'
import { isDatabaseUnavailable } from './database-failure.ts'
import { serveDocs } from './docs.ts'
import type { HttpEnv } from './http-env.ts'
import { fieldErrors, Problem, type ProblemDetails, sendProblem } from './problem.ts'
import { inSpan, routeOf } from './request-span.ts'

export type HttpApp = OpenAPIHono<HttpEnv>

const bodyMaxBytes = 256 * 1024

export interface AppOptions {
  readonly service: string
  readonly readiness: Readiness
  readonly log: Log
  /** Served at `/metrics`. Left out: those of the process and of its HTTP. */
  readonly metrics?: Metrics
}

/**
 * What every process serves: `/healthz` (alive), `/readyz` (takes work, or 503 with what is awaited), `/metrics`,
 * `/openapi.json` and `/docs`; and for what is added to it problem details, a body limit of 256 KiB, request ids, spans
 * and security headers. A route with a JSON body must say `required: true`, else hono lets a request without a content
 * type pass unread.
 */
export function createApp({ service, readiness, log, metrics = createMetrics(log) }: AppOptions): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>({
    defaultHook: (result, c) => {
      if (result.success) return undefined
      return sendProblem(c, { ...invalid, errors: fieldErrors(result.error.issues) })
    },
  })
  app.use(requestId(), inSpan(), dressed({ readiness, log, metrics }), limited(), exactJson())
  app.notFound((c) => sendProblem(c, { status: 404, code: 'not_found', title: 'There is nothing at this address' }))
  app.onError((error, c) => sendProblem(c, explain(error, { log, requestId: c.get('requestId') })))
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', async (c) => {
    const reasons = await readiness.report()
    if (reasons.length === 0) return c.json({ status: 'ready' })
    const errors = reasons.map(({ name, reason }) => ({ field: name, detail: reason }))
    const detail = `waiting for ${reasons.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`
    return sendProblem(c, { status: 503, code: 'not_ready', title: 'Not ready', detail, errors })
  })
  app.get('/metrics', async (c) => c.body(await metrics.exposition(), 200, { 'content-type': metrics.contentType }))
  serveDocs(app, service)
  return app
}

/**
 * `c.json` for values that hold bigints and dates: in an OpenAPI route the value is checked against what its schema
 * gives after parsing, so a field of money is a bigint in code and an integer on the wire.
 * @throws RangeError for a bigint beyond the integers that JSON holds exactly: the edge should have refused it
 */
export function sendJson<T extends object, Status extends ContentfulStatusCode>(
  c: Context,
  value: T,
  { status, headers }: { status: Status; headers?: Record<string, string> },
) {
  // The type stays that of the value, although the bigints are numbers now: `c.json` only writes it.
  const written: T = JSON.parse(JSON.stringify(value, numberForBigint))
  return c.json(written, status, headers)
}

/** As `sendJson`, for text that is JSON already. */
export function sendJsonText<T extends object, Status extends ContentfulStatusCode>(
  c: Context,
  text: string,
  { status, headers }: { status: Status; headers?: Record<string, string> },
) {
  const written: T = JSON.parse(text)
  return c.json(written, status, headers)
}

function numberForBigint(_name: string, member: unknown): unknown {
  if (typeof member !== 'bigint') return member
  const number = Number(member)
  if (!Number.isSafeInteger(number)) throw new RangeError(`${member} is beyond the integers that JSON holds exactly`)
  return number
}

const securityHeaders = [
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cache-control', 'no-store'],
] as const

type Surroundings = Readonly<Required<Pick<AppOptions, 'readiness' | 'log' | 'metrics'>>>

/**
 * Around every request: the headers that a handler has not set itself, its duration, and one line at level debug, never
 * a body.
 */
function dressed({ readiness, log, metrics }: Surroundings): MiddlewareHandler<HttpEnv> {
  const duration = metrics.histogram(catalogue.httpRequest)
  return async (c, next) => {
    const startedAt = performance.now()
    await next()
    const { headers, status } = c.res
    for (const [name, value] of securityHeaders) if (!headers.has(name)) headers.set(name, value)
    // So that a client takes its next request elsewhere, before this process closes the connection under it.
    if (readiness.stopping) headers.set('connection', 'close')
    const seconds = (performance.now() - startedAt) / 1_000
    // Methods are as few as Node's parser knows.
    duration.observe({ method: c.req.method, route: routeOf(c), status }, seconds)
    if (!log.isLevelEnabled('debug')) return
    const ms = Math.round(seconds * 1_000)
    log.debug({ method: c.req.method, path: c.req.path, status, ms, requestId: c.get('requestId') }, 'request')
  }
}

const invalid = { status: 400, code: 'invalid_request', title: 'The request is not valid' } as const

/** A declared length is enough to judge by, as Node holds the sender to it; asking for the body would cost a stream. */
function limited(): MiddlewareHandler<HttpEnv> {
  const counting = bodyLimit({ maxSize: bodyMaxBytes, onError: tooLarge })
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    const length = c.req.header('content-length')
    if (length === undefined || c.req.header('transfer-encoding') !== undefined) return counting(c, next)
    return Number(length) > bodyMaxBytes ? tooLarge(c) : next()
  }
}

const tooLarge = (c: Context) =>
  sendProblem(c, {
    status: 413,
    code: 'too_large',
    title: 'The request is too large',
    detail: `A body may have ${bodyMaxBytes} bytes.`,
  })

/** Every failure, said without what it would give away. */
function explain(error: Error, { log, requestId: id }: { log: Log; requestId: string }): ProblemDetails {
  if (error instanceof Problem) return error.details
  if (error instanceof HTTPException) return explainHttp(error)
  if (isDatabaseUnavailable(error)) {
    log.warn({ err: error, requestId: id }, 'the database is not available')
    const detail = 'The database is not available. Send the same request again.'
    return { status: 503, code: 'unavailable', title: 'Not available now', detail, headers: { 'retry-after': '1' } }
  }
  log.error({ err: error, requestId: id }, 'a request failed')
  return { status: 500, code: 'internal', title: 'Something is wrong here', detail: `Request ${id}` }
}

/** What hono itself refuses: JSON that is none, and a content type that no route takes. */
function explainHttp({ status, message }: HTTPException): ProblemDetails {
  if (status === 400 && message.startsWith('Malformed JSON')) {
    return { ...invalid, code: 'malformed_json', errors: [{ field: '', detail: 'is not JSON' }] }
  }
  if (status === 415) {
    const detail = 'Send Content-Type: application/json.'
    return { status, code: 'unsupported_media_type', title: 'This content type is not taken here', detail }
  }
  return { ...invalid, status: 400, detail: message }
}
