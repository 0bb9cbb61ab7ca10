import { startParticipant } from '#messaging'
import {
  closeDatabase,
  createApp,
  createLogger,
  createMetrics,
  createReadiness,
  openDatabase,
  pingDatabase,
  runProcess,
  waitFor,
} from '#runtime'
import { orderCommands } from './commands.ts'
import { readOrderConfig } from './config.ts'
import { orderRoutes } from './http.ts'
import { orderMetrics } from './metrics.ts'
import { orderParticipant } from './saga.ts'
import type { OrderDatabase } from './tables.ts'

/** For the batch at hand to be committed. */
const stopTimeoutMs = 5_000

const service = 'order-service'
const config = readOrderConfig()
const log = createLogger({ service, level: config.LOG_LEVEL })
const readiness = createReadiness()
const metrics = createMetrics(log)
const db = openDatabase<OrderDatabase>({
  url: config.ORDER_DATABASE_URL,
  service,
  poolMax: config.ORDER_DATABASE_POOL,
  log,
  metrics,
})
const observer = orderMetrics(metrics, db)
const participant = orderParticipant({ payWithinMs: config.PAY_WITHIN_MS, captureWithinMs: config.CAPTURE_WITHIN_MS })
const app = createApp({ service, readiness, log, metrics })
app.route('/', orderRoutes({ db, commands: orderCommands(db, participant, log), apiKeys: config.API_KEYS }))

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
      observer,
    })
    life.onStop('participant', () => running.stop({ timeoutMs: stopTimeoutMs }))
    life.readiness.check('participant', () => running.problems()[0])
  },
})
