import { readBacklog, startParticipant } from '#messaging'
import {
  closeDatabase,
  createApp,
  createLogger,
  createMetrics,
  createReadiness,
  openDatabase,
  participantMetrics,
  pingDatabase,
  runProcess,
  waitFor,
  watchBacklog,
} from '#runtime'
import { withBreaker } from './breaker.ts'
import { readPaymentConfig } from './config.ts'
import { paymentRoutes } from './http.ts'
import { paymentParticipant } from './saga.ts'
import { stripeGateway } from './stripe-gateway.ts'
import type { PaymentDatabase } from './tables.ts'

/** For the batch and the calls at hand. What takes longer is resumed when its lease is over. */
const stopTimeoutMs = 5_000

const service = 'payment-service'
const config = readPaymentConfig()
const log = createLogger({ service, level: config.LOG_LEVEL })
const readiness = createReadiness()
const metrics = createMetrics(log)
const db = openDatabase<PaymentDatabase>({
  url: config.PAYMENT_DATABASE_URL,
  service,
  poolMax: config.PAYMENT_DATABASE_POOL,
  log,
  metrics,
})
const gatewayTimeoutMs = config.GATEWAY_TIMEOUT_MS
const gateway = stripeGateway({
  url: config.GATEWAY_URL,
  apiKey: config.GATEWAY_API_KEY,
  requestTimeoutMs: gatewayTimeoutMs,
})
const participant = paymentParticipant(withBreaker(gateway, log), { gatewayTimeoutMs })
watchBacklog(metrics, () => readBacklog(db, { aggregates: 'payments' }))
const app = createApp({ service, readiness, log, metrics })
app.route('/', paymentRoutes({ db, apiKeys: config.API_KEYS }))

await runProcess({
  service,
  host: config.HOST,
  port: config.PORT,
  log,
  readiness,
  app,
  start: async (life) => {
    life.onStop('database', () => closeDatabase(db))
    await waitFor('PostgreSQL', () => pingDatabase(db), life)
    life.readiness.check('PostgreSQL', () => pingDatabase(db).then(() => undefined))
    const running = startParticipant(participant, {
      db,
      kafka: {
        brokers: config.KAFKA_BROKERS,
        clientId: service,
        sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
      },
      log,
      observer: participantMetrics(metrics),
    })
    life.onStop('participant', () => running.stop({ timeoutMs: stopTimeoutMs }))
    life.readiness.check('participant', () => running.problems()[0])
  },
})
