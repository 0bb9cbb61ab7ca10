import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import { failpoint } from '#messaging'
import { catalogue, failure, type HttpApp, type HttpEnv, json, type Log, type Metrics, problem } from '#runtime'
import { signatureOf } from '../gateway/stripe/webhook-signature.ts'
import type { PaymentDatabase } from '../tables.ts'
import { eventOf } from './gateway-event.ts'
import { keepEvent } from './gateway-events-store.ts'

export interface WebhookOptions {
  readonly db: Kysely<PaymentDatabase>
  /** Any of them may have signed. None: nothing can be verified, so nothing is taken. */
  readonly secrets: readonly string[]
  readonly log: Log
  readonly metrics: Metrics
  /** Something was kept that is to be handled. */
  readonly wake: () => void
}

/**
 * Where the gateway tells of what has happened. The signature over the body as it came stands for a key: the route
 * needs no merchant's. An event is kept and answered; what it means is found out afterwards.
 */
export function webhookRoutes({ db, secrets, log, metrics, wake }: WebhookOptions): HttpApp {
  const requests = metrics.counter(catalogue.webhookRequests)
  const app: HttpApp = new OpenAPIHono<HttpEnv>()
  app.openapi(postRoute, async (c) => {
    const refuse = (because: 'forged' | 'stale' | 'invalid' | 'unconfigured') => {
      requests.inc({ outcome: because })
      // Never the body, nor the header.
      log.warn({ because, requestId: c.get('requestId') }, 'a webhook is refused')
      return problem(refusals[because])
    }
    if (secrets.length === 0) throw refuse('unconfigured')
    const body = new Uint8Array(await c.req.arrayBuffer())
    const signature = signatureOf(body, c.req.header('stripe-signature') ?? '', secrets)
    if (signature !== 'valid') throw refuse(signature)
    const event = eventOf(new TextDecoder().decode(body))
    if (event === undefined) throw refuse('invalid')

    const kept = await keepEvent(db, event)
    failpoint('webhook.kept')
    requests.inc({ outcome: kept })
    const fields = { eventId: event.id, eventType: event.type, paymentId: event.paymentId, kept }
    if (event.is === 'dispute' && kept === 'kept') {
      metrics.counter(catalogue.gatewayEvents).inc({ outcome: 'dispute' })
      log.error(fields, 'a payment is disputed: a person has to answer at the gateway')
    } else {
      if (event.is === 'other' && kept === 'kept') metrics.counter(catalogue.gatewayEvents).inc({ outcome: 'other' })
      log.info(fields, 'an event of the gateway is kept')
    }
    if (event.is === 'payment' && kept !== 'repeat') wake()
    return c.json({ received: true as const }, 200)
  })
  return app
}

/**
 * Without a secret it is a 503 and not a 404: the address is right, the gateway goes on sending for days, and nothing is
 * lost once somebody has set it.
 */
const refusals = {
  unconfigured: {
    status: 503,
    code: 'webhooks_not_configured',
    title: 'Webhooks cannot be verified here',
    detail: 'GATEWAY_WEBHOOK_SECRETS is not set. Send the same request again later.',
    headers: { 'retry-after': '3600' },
  },
  forged: {
    status: 400,
    code: 'invalid_signature',
    title: 'The signature is not valid',
    detail: 'Stripe-Signature must be made over the body as it is sent, with a secret of this endpoint.',
  },
  stale: {
    status: 400,
    code: 'stale_signature',
    title: 'The signature is too old',
    detail: 'Its timestamp may be five minutes old. Sign again, or set the clock.',
  },
  invalid: { status: 400, code: 'invalid_event', title: 'The body is not an event' },
} as const

const postRoute = createRoute({
  method: 'post',
  path: '/webhooks/gateway',
  summary: 'Events of the gateway, signed as Stripe signs them',
  description:
    'Kept and answered at once. The body is a hint: what it is about is looked up at the gateway, then decided.',
  request: { headers: z.object({ 'stripe-signature': z.string().optional() }) },
  responses: {
    200: json(z.object({ received: z.literal(true) }), 'Kept, or known already'),
    400: failure('Not signed with a secret of this endpoint, signed too long ago, or no event'),
    413: failure('The body is too large'),
    503: failure('Not available now, or no secret is set: send the same request again'),
  },
})
