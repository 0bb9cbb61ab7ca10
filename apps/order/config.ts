import { z } from 'zod'
import { env, readConfig } from '#runtime'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** A hold of a card lapses after a week at most gateways: waiting longer for a capture is waiting for nothing. */
const weekMs = 7 * dayMs

export function readOrderConfig() {
  return readConfig(
    z.object({
      HOST: env.host().default('127.0.0.1'),
      PORT: env.port().default(3001),
      LOG_LEVEL: env.logLevel().default('info'),
      ORDER_DATABASE_URL: env.databaseUrl(),
      /** Connections to PostgreSQL. */
      ORDER_DATABASE_POOL: env.count({ min: 2, max: 100 }).default(10),
      KAFKA_BROKERS: env.brokers(),
      /** After a crash its partitions come back this late. */
      KAFKA_SESSION_TIMEOUT_MS: env.durationMs({ min: 1_000, max: 5 * minuteMs }).default(6_000),
      API_KEYS: env.apiKeys(),
      OPS_API_KEYS: env.operatorKeys(),
      PAY_WITHIN_MS: env.durationMs({ min: 1, max: weekMs }).default(15 * minuteMs),
      CAPTURE_WITHIN_MS: env.durationMs({ min: 1, max: weekMs }).default(dayMs),
    }),
  )
}
