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
import { readNotificationConfig } from './config.ts'
import { notificationRoutes } from './http.ts'
import { smtpMailer } from './mailer.ts'
import { notificationParticipant } from './saga.ts'
import type { NotificationDatabase } from './tables.ts'

/** For the batch at hand to be committed. A mail under way is taken up again when its lease is over. */
const stopTimeoutMs = 5_000

const service = 'notification-service'
const config = readNotificationConfig()
const log = createLogger({ service, level: config.LOG_LEVEL })
const readiness = createReadiness()
const metrics = createMetrics(log)
const db = openDatabase<NotificationDatabase>({
  url: config.NOTIFICATION_DATABASE_URL,
  service,
  poolMax: config.NOTIFICATION_DATABASE_POOL,
  log,
  metrics,
})
watchBacklog(metrics, () => readBacklog(db))
const app = createApp({ service, readiness, log, metrics })
app.route('/', notificationRoutes({ db, apiKeys: config.API_KEYS }))

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
    const mailer = smtpMailer({ url: config.SMTP_URL, from: config.MAIL_FROM, maxConnections: config.SMTP_POOL })
    life.onStop('mailer', () => mailer.close())
    const running = startParticipant(notificationParticipant(mailer), {
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
