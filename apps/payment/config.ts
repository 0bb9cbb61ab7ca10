import { z } from 'zod'
import { env, readConfig } from '#runtime'

const minuteMs = 60_000

export function readPaymentConfig() {
  return readConfig(
    z.object({
      HOST: env.host().default('127.0.0.1'),
      PORT: env.port().default(3002),
      LOG_LEVEL: env.logLevel().default('info'),
      PAYMENT_DATABASE_URL: env.databaseUrl(),
      /** Connections to PostgreSQL. */
      PAYMENT_DATABASE_POOL: env.count({ min: 2, max: 100 }).default(10),
      KAFKA_BROKERS: env.brokers(),
      /** After a crash its partitions come back this late. */
      KAFKA_SESSION_TIMEOUT_MS: env.durationMs({ min: 1_000, max: 5 * minuteMs }).default(6_000),
      GATEWAY_URL: env.url('https', 'http'),
      GATEWAY_API_KEY: env.secret(),
      /** One request. A call that a crash interrupted is taken up again after twice this and five seconds. */
      GATEWAY_TIMEOUT_MS: env.durationMs({ min: 100, max: minuteMs }).default(8_000),
      API_KEYS: env.apiKeys(),
      OPS_API_KEYS: env.operatorKeys(),
    }),
  )
}
