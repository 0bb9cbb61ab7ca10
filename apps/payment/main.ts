import { armFailpoint, operationsOf, startParticipant } from '#messaging'
import { runService } from '#runtime'
import { readPaymentConfig } from './config.ts'
import { gatewayCircuit, lookUpsWithBreaker, withBreaker } from './gateway/breaker.ts'
import { openGateway } from './gateway/stripe/stripe-client.ts'
import { stripeGateway } from './gateway/stripe/stripe-gateway.ts'
import { stripeList } from './gateway/stripe/stripe-list.ts'
import { stripeLookUps } from './gateway/stripe/stripe-look-ups.ts'
import { paymentRoutes } from './http.ts'
import { ledgerRoutes } from './ledger/ledger-http.ts'
import { watchLedger } from './ledger/ledger-metrics.ts'
import { ledgerSealer } from './ledger/ledger-sealer.ts'
import { paymentMetrics } from './metrics.ts'
import { reconciliationRunner } from './reconciliation/reconciliation.ts'
import { reconciliationRoutes } from './reconciliation/reconciliation-http.ts'
import { watchReconciliation } from './reconciliation/reconciliation-metrics.ts'
import { retention } from './retention.ts'
import { resolving } from './review/operator.ts'
import { operatorRoutes } from './review/operator-http.ts'
import { paymentParticipant } from './saga.ts'
import type { PaymentDatabase } from './tables.ts'
import { gatewayEventRunner } from './webhooks/gateway-events.ts'
import { webhookRoutes } from './webhooks/webhooks.ts'

const config = readPaymentConfig()
armFailpoint(config.FAILPOINT)

await runService<PaymentDatabase>({
  service: 'payment-service',
  settings: config,
  database: { url: config.PAYMENT_DATABASE_URL, poolMax: config.PAYMENT_DATABASE_POOL },
  assemble: ({ db, log, metrics }) => {
    const gatewayTimeoutMs = config.GATEWAY_TIMEOUT_MS
    const stripe = { url: config.GATEWAY_URL, apiKey: config.GATEWAY_API_KEY, requestTimeoutMs: gatewayTimeoutMs }
    const participant = paymentParticipant(withBreaker(stripeGateway(stripe), gatewayCircuit(log)), {
      gatewayTimeoutMs,
    })
    // The intent, and a page or two of its refunds.
    const lookUpMs = 3 * gatewayTimeoutMs
    const lookUps = lookUpsWithBreaker(stripeLookUps(stripe), gatewayCircuit(log), lookUpMs)
    const events = gatewayEventRunner({ db, participant, lookUps, log, metrics, lookUpMs })
    // Without a circuit: a key that may not list says nothing about the rest, and nobody waits for a page.
    const comparing = { db, participant, list: stripeList(stripe), lookUps, log, metrics, lookUpMs }
    const reconciliation = reconciliationRunner(comparing, config.RECONCILE_EVERY_MS)
    const { GATEWAY_WEBHOOK_SECRETS: secrets = [], API_KEYS: apiKeys, OPS_API_KEYS: keys } = config
    const resolve = resolving({ db, participant, lookUps, log })
    watchLedger(metrics, db)
    const routes = paymentRoutes({ db, apiKeys })
    routes.route('/', ledgerRoutes({ db, apiKeys, operatorKeys: keys }))
    routes.route('/', webhookRoutes({ db, secrets, log, metrics, wake: () => events.wake() }))
    routes.route('/', operatorRoutes({ db, resolve, keys }))
    routes.route('/', reconciliationRoutes({ db, keys, wake: () => reconciliation.wake() }))
    return {
      routes,
      operations: operationsOf({ db, participant, log }),
      open: (signal) => openGateway(config.GATEWAY_URL, signal),
      join: (kafka) => {
        const workers = [events, reconciliation, ledgerSealer({ db, log }), retention({ db, log })]
        for (const each of workers) each.start()
        watchReconciliation(metrics, db)
        const running = startParticipant(participant, { db, kafka, log, observer: paymentMetrics(metrics, db) })
        const stop = async (options: { readonly timeoutMs: number }): Promise<void> => {
          await Promise.all([running, ...workers].map((each) => each.stop(options)))
        }
        return { ...running, stop }
      },
    }
  },
})
