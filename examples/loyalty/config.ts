import { z } from 'zod'
import { env, readConfig } from '#runtime'

export function readLoyaltyConfig() {
  return readConfig(
    z.object({
      PORT: env.port().default(3005),
      LOG_LEVEL: env.logLevel().default('info'),
      LOYALTY_DATABASE_URL: env.databaseUrl(),
      KAFKA_BROKERS: env.brokers(),
      KAFKA_SESSION_TIMEOUT_MS: env.durationMs({ min: 1_000, max: 300_000 }).default(6_000),
    }),
  )
}
