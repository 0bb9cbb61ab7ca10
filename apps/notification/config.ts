import { z } from 'zod'
import { env, readConfig } from '#runtime'

export function readNotificationConfig() {
  return readConfig(
    z.object({
      HOST: env.host().default('127.0.0.1'),
      PORT: env.port().default(3003),
      LOG_LEVEL: env.logLevel().default('info'),
      NOTIFICATION_DATABASE_URL: env.databaseUrl(),
      /** Connections to PostgreSQL. */
      NOTIFICATION_DATABASE_POOL: env.count({ min: 2, max: 100 }).default(10),
      KAFKA_BROKERS: env.brokers(),
      /** After a crash its partitions come back this late. */
      KAFKA_SESSION_TIMEOUT_MS: env.durationMs({ min: 1_000, max: 300_000 }).default(6_000),
      API_KEYS: env.apiKeys(),
      OPS_API_KEYS: env.operatorKeys(),
      SMTP_URL: env.url('smtp', 'smtps'),
      /** Connections to the mail server. */
      SMTP_POOL: env.count({ min: 1, max: 100 }).default(5),
      /** An address, without a name. */
      MAIL_FROM: z.email({ error: 'must be an e-mail address' }).default('orders@paysaga.example'),
    }),
  )
}
