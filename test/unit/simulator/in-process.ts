import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import Stripe from 'stripe'
import { createApp, createLogger, createReadiness } from '#runtime'
import { pageRoutes } from '../../../apps/simulators/gateway/console/page-routes.ts'
import { createGateway, type GatewayOptions } from '../../../apps/simulators/gateway/engine/gateway.ts'
import { openRecord } from '../../../apps/simulators/gateway/engine/record.ts'
import { faultRoutes } from '../../../apps/simulators/gateway/faults/fault-routes.ts'
import { createFaults, type Fault } from '../../../apps/simulators/gateway/faults/faults.ts'
import { witnessRoutes } from '../../../apps/simulators/gateway/inspection/witness.ts'
import { gatewayRoutes } from '../../../apps/simulators/gateway/stripe-api/http.ts'
import type { PendingWebhooks } from '../../../apps/simulators/gateway/stripe-api/read-routes.ts'
import { openOutcomes } from '../../../apps/simulators/gateway/webhooks/webhook-outcomes.ts'
import { webhookRoutes } from '../../../apps/simulators/gateway/webhooks/webhook-routes.ts'
import { createWebhooks, type WebhookOptions } from '../../../apps/simulators/gateway/webhooks/webhooks.ts'

export const log = createLogger({ service: 'test', level: 'silent' })

type Options = Partial<GatewayOptions> & { readonly webhooks?: Partial<WebhookOptions> }

/** The simulator within the process of a test, for the SDK and for plain requests. `await using` ends it. */
export async function startSimulator({ webhooks: webhookOptions, ...options }: Options = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'simulator-'))
  const faults = createFaults()
  const timing = { firstDelayMs: 0, retryMs: 10 }
  const webhooks = createWebhooks({ endpoint: undefined, faults, log, ...timing, ...webhookOptions })
  const gateway = createGateway({ holdSeconds: 60, keySeconds: 60, refundSettleMs: 0, audience: webhooks, ...options })
  const { file: outcomes, known } = await openOutcomes(directory, log)
  const record = await openRecord(directory, { onEntry: (entry, at) => gateway.remember(entry, at), log })
  webhooks.start({ gateway, outcomes, known })
  gateway.writeTo(record)
  const app = createApp({ service: 'gateway-simulator', readiness: createReadiness(), log })
  const pendingWebhooks: PendingWebhooks = (event) => webhooks.pending(event)
  app.route('/', gatewayRoutes({ gateway, log, apiKey: 'sk', latencyMs: 0, faults, pendingWebhooks }))
  app.route('/', faultRoutes(faults))
  app.route('/', webhookRoutes(webhooks))
  app.route('/', witnessRoutes(gateway))
  app.route('/', pageRoutes({ gateway, faults, webhooks, webhookUrl: webhookOptions?.endpoint?.url }))
  const respond = getRequestListener(app.fetch)
  const server = createServer((request, response) => void respond(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { port } = address
  return {
    url: `http://127.0.0.1:${port}`,
    gateway,
    faults,
    webhooks,
    stripe: new Stripe('sk', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0, telemetry: false }),
    misbehave: (...list: readonly Fault[]) => faults.replace(list),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      gateway.stop()
      await webhooks.stop()
      await outcomes.close()
      await record.close()
      await rm(directory, { recursive: true })
    },
  }
}

export const payment = (orderId: string, more: Partial<Stripe.PaymentIntentCreateParams> = {}) => ({
  amount: 1200,
  currency: 'eur',
  capture_method: 'manual' as const,
  payment_method: 'pm_card_visa',
  metadata: { orderId },
  confirm: true,
  ...more,
})

export const failureOf = (call: Promise<unknown>): Promise<Stripe.errors.StripeError> =>
  call.then(
    () => {
      throw new Error('It was not refused')
    },
    (error) => error,
  )
