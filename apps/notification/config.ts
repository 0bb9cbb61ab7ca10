import { z } from 'zod'
import { env, readConfig, serviceVariables } from '#runtime'

export function readNotificationConfig() {
  return readConfig(
    z.object({
      ...serviceVariables,
      PORT: env.port().default(3003),
      NOTIFICATION_DATABASE_URL: env.databaseUrl(),
      /** Connections to PostgreSQL. */
      NOTIFICATION_DATABASE_POOL: env.count({ min: 2, max: 100 }).default(10),
      API_KEYS: env.apiKeys(),
      OPS_API_KEYS: env.operatorKeys(),
      SMTP_URL: env.url('smtp', 'smtps'),
      /** Connections to the mail server. */
      SMTP_POOL: env.count({ min: 1, max: 100 }).default(5),
      /** One attempt. A mail that a crash interrupted is taken up again after this and ten seconds. */
      SMTP_TIMEOUT_MS: env.durationMs({ min: 100, max: 300_000 }).default(30_000),
      /** An address, without a name. */
      MAIL_FROM: z.email({ error: 'must be an e-mail address' }).default('orders@paysaga.example'),
    }),
  )
}
