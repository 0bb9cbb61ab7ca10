import { armFailpoint, operationsOf, readBacklog, startParticipant } from '#messaging'
import { participantMetrics, runService, watchBacklog } from '#runtime'
import { readNotificationConfig } from './config.ts'
import { notificationRoutes } from './http.ts'
import { smtpMailer } from './mailer.ts'
import { notificationParticipant } from './saga.ts'
import type { NotificationDatabase } from './tables.ts'

const config = readNotificationConfig()
armFailpoint(config.FAILPOINT)

await runService<NotificationDatabase>({
  service: 'notification-service',
  settings: config,
  database: { url: config.NOTIFICATION_DATABASE_URL, poolMax: config.NOTIFICATION_DATABASE_POOL },
  assemble: ({ db, log, metrics }) => {
    const mailer = smtpMailer({
      url: config.SMTP_URL,
      from: config.MAIL_FROM,
      maxConnections: config.SMTP_POOL,
      attemptTimeoutMs: config.SMTP_TIMEOUT_MS,
    })
    const participant = notificationParticipant(mailer)
    const observer = participantMetrics(metrics)
    watchBacklog(metrics, () => readBacklog(db))
    return {
      routes: notificationRoutes({ db, apiKeys: config.API_KEYS }),
      operations: operationsOf({ db, participant, log }),
      join: (kafka) => startParticipant(participant, { db, kafka, log, observer }),
      open: () => mailer.open(),
      close: () => mailer.close(),
    }
  },
})
