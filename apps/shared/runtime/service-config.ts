import { env } from './config.ts'

/** What every participant of the saga is told, for its config.ts to spread into its own variables. */
export const serviceVariables = {
  HOST: env.host().default('127.0.0.1'),
  LOG_LEVEL: env.logLevel().default('info'),
  KAFKA_BROKERS: env.brokers(),
  /** After a crash its partitions come back this late. */
  KAFKA_SESSION_TIMEOUT_MS: env.durationMs({ min: 1_000, max: 300_000 }).default(6_000),
  /** For so long after SIGTERM it still takes requests, while `/readyz` says no. */
  DRAIN_MS: env.durationMs({ min: 0, max: 300_000 }).default(0),
  /** For tests of crashes: where this process kills itself. */
  FAILPOINT: env.failpoint().optional(),
}
