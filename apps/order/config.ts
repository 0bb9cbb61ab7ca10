import { z } from 'zod'
import { env, readConfig, serviceVariables } from '#runtime'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** A hold of a card lapses after a week at most gateways: waiting longer for a capture is waiting for nothing. */
const weekMs = 7 * dayMs

export function readOrderConfig() {
  return readConfig(
    z.object({
      ...serviceVariables,
      PORT: env.port().default(3001),
      ORDER_DATABASE_URL: env.databaseUrl(),
      /** Connections to PostgreSQL. */
      ORDER_DATABASE_POOL: env.count({ min: 2, max: 100 }).default(10),
      API_KEYS: env.apiKeys(),
      OPS_API_KEYS: env.operatorKeys(),
      PAY_WITHIN_MS: env.durationMs({ min: 1, max: weekMs }).default(15 * minuteMs),
      CAPTURE_WITHIN_MS: env.durationMs({ min: 1, max: weekMs }).default(dayMs),
    }),
  )
}
