import { armFailpoint, operationsOf, readBacklog, startParticipant } from '#messaging'
import { participantMetrics, runService, watchBacklog } from '#runtime'
import { withBreaker } from './breaker.ts'
import { readPaymentConfig } from './config.ts'
import { paymentRoutes } from './http.ts'
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
    return {
      routes: paymentRoutes({ db, apiKeys: config.API_KEYS }),
      operations: operationsOf({ db, participant, log }),
      join: (kafka) => startParticipant(participant, { db, kafka, log, observer }),
    }
  },
})
