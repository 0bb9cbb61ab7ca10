import { armFailpoint, operationsOf, readBacklog, startParticipant } from '#messaging'
import { participantMetrics, runService, watchBacklog } from '#runtime'
import { withBreaker } from './breaker.ts'
import { readPaymentConfig } from './config.ts'
import { paymentRoutes } from './http.ts'
import { ledgerRoutes } from './ledger-http.ts'
import { watchLedger } from './ledger-metrics.ts'
import { startSealer } from './ledger-sealer.ts'
import { paymentParticipant } from './saga.ts'
import { stripeGateway } from './stripe-gateway.ts'
import type { PaymentDatabase } from './tables.ts'

const config = readPaymentConfig()
armFailpoint(config.FAILPOINT)

await runService<PaymentDatabase>({
  service: 'payment-service',
  settings: config,
  database: { url: config.PAYMENT_DATABASE_URL, poolMax: config.PAYMENT_DATABASE_POOL },
  assemble: ({ db, log, metrics }) => {
    const gatewayTimeoutMs = config.GATEWAY_TIMEOUT_MS
    const gateway = stripeGateway({
      url: config.GATEWAY_URL,
      apiKey: config.GATEWAY_API_KEY,
      requestTimeoutMs: gatewayTimeoutMs,
    })
    const participant = paymentParticipant(withBreaker(gateway, log), { gatewayTimeoutMs })
    const observer = participantMetrics(metrics)
    watchBacklog(metrics, () => readBacklog(db, { aggregates: 'payments' }))
    watchLedger(metrics, db)
    const { API_KEYS: apiKeys, OPS_API_KEYS: operatorKeys } = config
    return {
      routes: paymentRoutes({ db, apiKeys }).route('/', ledgerRoutes({ db, apiKeys, operatorKeys })),
      operations: operationsOf({ db, participant, log }),
      join: (kafka) => {
        const running = startParticipant(participant, { db, kafka, log, observer })
        const sealer = startSealer({ db, log })
        const stop = async (options: { readonly timeoutMs: number }): Promise<void> => {
          await Promise.all([running.stop(options), sealer.stop()])
        }
        return { ...running, stop }
      },
    }
  },
})
