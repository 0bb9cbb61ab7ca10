import { z } from 'zod'
import { env, readConfig } from '#runtime'
import { eventTypes } from './engine/state.ts'

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
    /** Where events are delivered; left out, nowhere. */
    GATEWAY_WEBHOOK_URL: env.url('http', 'https').optional(),
    /** What they are signed with. */
    GATEWAY_WEBHOOK_SECRET: env.secret().default('whsec_paysaga_local'),
    /** Of these types, separated by commas; left out, of all. */
    GATEWAY_WEBHOOK_EVENTS: z
      .string()
      .transform((text) => text.split(',').map((type) => type.trim()))
      .pipe(z.array(z.enum(eventTypes, { error: `must be some of ${eventTypes.join(', ')}` })))
      .optional(),
    /** The pause before an event that was not taken comes again; it doubles with each attempt. */
    GATEWAY_WEBHOOK_RETRY_MS: env.durationMs({ min: 10, max: 60_000 }).default(1_000),
  }),
)
