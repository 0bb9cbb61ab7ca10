import { startParticipant } from '#messaging'
import {
  closeDatabase,
  createApp,
  createLogger,
  createReadiness,
  openDatabase,
  pingDatabase,
  runProcess,
  waitFor,
} from '#runtime'
import { readLoyaltyConfig } from './config.ts'
import { loyaltyParticipant } from './saga.ts'

/** For the batch at hand to be committed. */
const stopTimeoutMs = 5_000

const service = 'loyalty-service'
const config = readLoyaltyConfig()
const log = createLogger({ service, level: config.LOG_LEVEL })
const readiness = createReadiness()
const db = openDatabase<unknown>({ url: config.LOYALTY_DATABASE_URL, service, poolMax: 5, log })

await runProcess({
  service,
  port: config.PORT,
  log,
  readiness,
  app: createApp({ service, readiness, log }),
  start: async (life) => {
    life.onStop('database', () => closeDatabase(db))
    await waitFor('PostgreSQL', () => pingDatabase(db), life)
    const kafka = {
      brokers: config.KAFKA_BROKERS,
      clientId: service,
      sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
    }
    const running = startParticipant(loyaltyParticipant, { db, kafka, log })
    life.onStop('participant', () => running.stop({ timeoutMs: stopTimeoutMs }))
    life.readiness.check('participant', () => running.problems()[0])
  },
})
