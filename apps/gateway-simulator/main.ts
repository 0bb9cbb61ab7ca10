import { createApp, createLogger, createReadiness, runProcess } from '#runtime'
import { config } from './config.ts'
import { faultRoutes } from './fault-routes.ts'
import { createFaults } from './faults.ts'
import { createGateway } from './gateway.ts'
import { gatewayRoutes } from './http.ts'
import { pageRoutes } from './page-routes.ts'
import type { PendingWebhooks } from './read-routes.ts'
import { type OnEntry, openRecord } from './record.ts'
import { openOutcomes } from './webhook-outcomes.ts'
import { webhookRoutes } from './webhook-routes.ts'
import { createWebhooks } from './webhooks.ts'
import { witnessRoutes } from './witness.ts'

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
