import { z } from 'zod'
import { env, readConfig } from '../../../apps/shared/runtime/config.ts'

/** When the money is taken: held first and taken once the order is confirmed, or taken in one step. */
export const charges = ['hold-then-capture', 'at-once'] as const
export type Charge = (typeof charges)[number]

export type BaselineConfig = ReturnType<typeof readBaselineConfig>

export function readBaselineConfig() {
  return readConfig(
    z.object({
      HOST: env.host().default('127.0.0.1'),
      PORT: env.port(),
      DATABASE_URL: env.databaseUrl(),
      /** Connections to PostgreSQL: as many as our services have unless told otherwise. */
      DATABASE_POOL: env.count({ min: 1, max: 100 }).default(10),
      KAFKA_BROKERS: env.brokers(),
      /** Of each topic, and so how many messages a process handles at a time. */
      PARTITIONS: env.count({ min: 1, max: 1_000 }),
      CHARGE: z.enum(charges, { error: `must be one of ${charges.join(', ')}` }),
    }),
  )
}
