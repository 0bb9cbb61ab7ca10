import { z } from 'zod'
import { env, readConfig } from '#runtime'

const dayMs = 24 * 60 * 60 * 1000

export const config = readConfig(
  z.object({
    PORT: env.port().default(3010),
    HOST: env.host().default('127.0.0.1'),
    LOG_LEVEL: env.logLevel().default('info'),
    /** Where the record of charges lies. Whoever deletes it makes the witness forget. */
    SIMULATOR_DATA_DIR: env.directory(),
    GATEWAY_API_KEY: env.secret(),
    /** What a real processor takes to answer; added to every answer under /v1. */
    GATEWAY_LATENCY_MS: env.durationMs({ min: 0, max: 60_000 }).default(0),
    /** How long a hold stands before it lapses: seven days with most cards. */
    GATEWAY_HOLD_MS: env.durationMs({ min: 1_000, max: 31 * dayMs }).default(7 * dayMs),
    /** For how long an idempotency key gives its first answer again; with Stripe for at least a day. */
    GATEWAY_KEY_LIFETIME_MS: env.durationMs({ min: 1_000, max: 31 * dayMs }).default(dayMs),
    /** After how long a refund fails, or succeeds at last, where the card is one of those. */
    GATEWAY_REFUND_SETTLE_MS: env.durationMs({ min: 0, max: 31 * dayMs }).default(5_000),
  }),
)
