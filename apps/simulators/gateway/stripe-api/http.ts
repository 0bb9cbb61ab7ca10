import { hash, timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import type { Log } from '#runtime'
import type { Command } from '../engine/deeds.ts'
import { errors, RequestRefused } from '../engine/errors.ts'
import type { Gateway } from '../engine/gateway.ts'
import { newId } from '../engine/ids.ts'
import type { GatewayError } from '../engine/state.ts'
import type { Faults } from '../faults/faults.ts'
import { type GatewayEnv, misbehaving } from '../faults/misbehaviour.ts'
import { type PendingWebhooks, readRoutes } from './read-routes.ts'
import * as params from './requests.ts'
import { answerOf, errorBody } from './resources.ts'

export interface GatewayHttpOptions {
  readonly gateway: Gateway
  readonly log: Log
  readonly apiKey: string
  readonly latencyMs: number
  readonly faults: Faults
  readonly pendingWebhooks: PendingWebhooks
}

const keyMaxLength = 255

/** Stripe's paths under /v1, as its SDK calls them. */
export function gatewayRoutes(options: GatewayHttpOptions): Hono<GatewayEnv> {
  const { gateway, log, apiKey, latencyMs, faults, pendingWebhooks } = options
  const v1 = new Hono<GatewayEnv>().basePath('/v1')

  v1.use(async (c, next) => {
    c.header('request-id', newId('req'))
    authenticate(c.req.header('authorization'), apiKey)
    await next()
    if (latencyMs > 0) await sleep(latencyMs)
  })
  v1.use(misbehaving(gateway, faults))
  v1.onError((error, c) => {
    if (error instanceof RequestRefused) return sendError(c, error.error)
    log.error({ err: error }, 'a request failed')
    return sendError(c, errors.internal)
  })

  const post = postWith(gateway)
  v1.post('/payment_intents', (c) =>
    post(c, params.createParams, ({ amount, currency, metadata, ...more }) => {
      const captureMethod = more.capture_method === 'manual' ? 'manual' : 'automatic'
      const { confirm, payment_method: paymentMethod } = more
      return { type: 'create', intent: { amount, currency, metadata, captureMethod, confirm, paymentMethod } }
    }),
  )
  v1.post('/payment_intents/:id/confirm', (c) =>
    post(c, params.confirmParams, ({ payment_method }) =>
      on(c.req.param('id'), { type: 'confirm', chargeId: newId('ch'), paymentMethod: payment_method }),
    ),
  )
  v1.post('/payment_intents/:id/capture', (c) =>
    post(c, params.captureParams, ({ amount_to_capture }) =>
      on(c.req.param('id'), { type: 'capture', amount: amount_to_capture }),
    ),
  )
  v1.post('/payment_intents/:id/cancel', (c) =>
    post(c, params.cancelParams, ({ cancellation_reason }) =>
      on(c.req.param('id'), { type: 'cancel', reason: cancellation_reason ?? null }),
    ),
  )
  v1.post('/refunds', (c) =>
    post(c, params.refundParams, ({ payment_intent, amount, reason, metadata }) =>
      on(payment_intent, { type: 'refund', refundId: newId('re'), amount, reason: reason ?? null, metadata }),
    ),
  )
  readRoutes(v1, gateway, pendingWebhooks)
  v1.all('*', (c) => sendError(c, errors.noSuchUrl(c.req.method, c.req.path)))
  return v1
}

const on = (intentId: string, operation: (Command & { type: 'operate' })['operation']): Command => ({
  type: 'operate',
  intentId,
  operation,
})

/** One path of every request that moves money: parameters, key, deed on disk, answer. */
function postWith(gateway: Gateway) {
  return async <Schema extends z.ZodType<{ expand: readonly string[] }>>(
    c: Context<GatewayEnv>,
    schema: Schema,
    toCommand: (values: z.output<Schema>) => Command,
  ): Promise<Response> => {
    const body = await c.req.text()
    if (body !== '' && !/^application\/x-www-form-urlencoded/i.test(c.req.header('content-type') ?? '')) {
      throw new RequestRefused(errors.notAForm)
    }
    const values = params.readParams(schema, body)
    const name = c.req.header('idempotency-key')
    if (name !== undefined && name.length > keyMaxLength) throw new RequestRefused(errors.keyTooLong)
    const key =
      name === undefined ? undefined : { name, fingerprint: hash('sha256', `${c.req.path}\n${body}`, 'base64url') }
    const done = await gateway.perform(toCommand(values), key, c.get('instead'))
    if (done.is === 'refused') return sendError(c, done.error)
    if (done.replayed) c.header('idempotent-replayed', 'true')
    const answer = answerOf(done.entry, values.expand)
    return c.body(answer.body, answer.status, json)
  }
}

const json = { 'content-type': 'application/json' }

const sendError = (c: Context, error: GatewayError): Response => c.body(errorBody(error), error.status, json)

function authenticate(authorization: string | undefined, apiKey: string): void {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (given === undefined) throw new RequestRefused(errors.noKey)
  const [expected, digest] = [apiKey, given].map((key) => hash('sha256', key, 'buffer'))
  if (expected === undefined || digest === undefined || !timingSafeEqual(expected, digest)) {
    throw new RequestRefused(errors.wrongKey)
  }
}
