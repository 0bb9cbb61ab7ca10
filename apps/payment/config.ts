import { z } from 'zod'
import { env, readConfig, serviceVariables } from '#runtime'

const hourMs = 60 * 60 * 1_000

export function readPaymentConfig() {
  return readConfig(
    z.object({
      ...serviceVariables,
      PORT: env.port().default(3002),
      PAYMENT_DATABASE_URL: env.databaseUrl(),
      /** Connections to PostgreSQL. */
      PAYMENT_DATABASE_POOL: env.count({ min: 2, max: 100 }).default(10),
      GATEWAY_URL: env.url('https', 'http'),
      GATEWAY_API_KEY: env.secret(),
      /** One request. A call that a crash interrupted is taken up again after twice this and five seconds. */
      GATEWAY_TIMEOUT_MS: env.durationMs({ min: 100, max: 60_000 }).default(8_000),
      /** What the gateway signs webhooks with. Left out: none is taken. */
      GATEWAY_WEBHOOK_SECRETS: env.secrets().optional(),
      /** From one comparison with the gateway's list to the next, across all replicas. 0: only when asked for. */
      RECONCILE_EVERY_MS: env.durationMs({ min: 0, max: 7 * 24 * hourMs }).default(hourMs),
      API_KEYS: env.apiKeys(),
      OPS_API_KEYS: env.operatorKeys(),
    }),
  )
}
