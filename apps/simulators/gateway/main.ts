import { createApp, createLogger, createReadiness, runProcess } from '#runtime'
import { config } from './config.ts'
import { pageRoutes } from './console/page-routes.ts'
import { createGateway } from './engine/gateway.ts'
import { type OnEntry, openRecord } from './engine/record.ts'
import { faultRoutes } from './faults/fault-routes.ts'
import { createFaults } from './faults/faults.ts'
import { witnessRoutes } from './inspection/witness.ts'
import { gatewayRoutes } from './stripe-api/http.ts'
import type { PendingWebhooks } from './stripe-api/read-routes.ts'
import { openOutcomes } from './webhooks/webhook-outcomes.ts'
import { webhookRoutes } from './webhooks/webhook-routes.ts'
import { createWebhooks } from './webhooks/webhooks.ts'

/**
 * A stand-in card processor. It speaks Stripe's PaymentIntents API over HTTP, so that the payment service talks to it
 * with the official SDK and nothing else, and keeps its own record on disk, so that tests can ask it who was charged.
 */
const service = 'gateway-simulator'
const log = createLogger({ service, level: config.LOG_LEVEL })
const readiness = createReadiness()
const app = createApp({ service, readiness, log })
const faults = createFaults()
const { GATEWAY_API_KEY: apiKey, GATEWAY_LATENCY_MS: latencyMs, GATEWAY_WEBHOOK_URL: url } = config
const webhooks = createWebhooks({
  endpoint: url === undefined ? undefined : { url, secret: config.GATEWAY_WEBHOOK_SECRET },
  types: config.GATEWAY_WEBHOOK_EVENTS,
  firstDelayMs: latencyMs,
  retryMs: config.GATEWAY_WEBHOOK_RETRY_MS,
  faults,
  log,
})
const gateway = createGateway({
  holdSeconds: Math.round(config.GATEWAY_HOLD_MS / 1000),
  keySeconds: Math.round(config.GATEWAY_KEY_LIFETIME_MS / 1000),
  refundSettleMs: config.GATEWAY_REFUND_SETTLE_MS,
  audience: webhooks,
})

const pendingWebhooks: PendingWebhooks = (event) => webhooks.pending(event)
app.route('/', gatewayRoutes({ gateway, log, apiKey, latencyMs, faults, pendingWebhooks }))
app.route('/', witnessRoutes(gateway))
app.route('/', faultRoutes(faults))
app.route('/', webhookRoutes(webhooks))
app.route('/', pageRoutes({ gateway, faults, webhooks, webhookUrl: url }))

await runProcess({
  service,
  port: config.PORT,
  host: config.HOST,
  log,
  readiness,
  app,
  start: async (life) => {
    const startedAt = performance.now()
    const onEntry: OnEntry = (entry, position) => gateway.remember(entry, position)
    const record = await openRecord(config.SIMULATOR_DATA_DIR, { onEntry, log })
    life.onStop('record', () => record.close())
    const { file: outcomes, known } = await openOutcomes(config.SIMULATOR_DATA_DIR, log)
    life.onStop('outcomes', () => outcomes.close())
    log.info({ entries: record.entries, ms: Math.round(performance.now() - startedAt) }, 'has read its record')
    webhooks.start({ gateway, outcomes, known })
    life.onStop('webhooks', () => webhooks.stop())
    // Requests that came before wait for this.
    gateway.writeTo(record)
    life.onStop('gateway', () => gateway.stop())
  },
})
