import { once } from 'node:events'
import type { Kysely } from 'kysely'
import type { Keyring } from '../config.ts'
import { closeDatabase, openConnections, openDatabase, pingDatabase } from '../database.ts'
import { createApp, type HttpApp } from '../http/http.ts'
import { type Operations, operationsRoutes } from '../http/operations.ts'
import { createLogger, type Log, type LogLevel } from '../logger.ts'
import { createMetrics, type Metrics } from '../metrics/metrics.ts'
import { createReadiness } from '../readiness.ts'
import { waitFor } from '../wait-for.ts'
import { runProcess } from './lifecycle.ts'

/** What every participant of the saga is told by its environment. */
export interface ServiceSettings {
  readonly HOST?: string
  readonly PORT: number
  readonly LOG_LEVEL: LogLevel
  readonly KAFKA_BROKERS: readonly string[]
  readonly KAFKA_SESSION_TIMEOUT_MS: number
  readonly DRAIN_MS: number
  /** Left out: nothing is served under `/ops`. */
  readonly OPS_API_KEYS?: Keyring
}

export interface ServiceOptions<DB> {
  /** The consumer group's name, too. */
  readonly service: string
  readonly settings: ServiceSettings
  readonly database: { readonly url: string; readonly poolMax: number }
  /** Puts the service together; nothing is connected yet. */
  assemble(base: { readonly db: Kysely<DB>; readonly log: Log; readonly metrics: Metrics }): ServiceParts
}

export interface ServiceParts {
  readonly routes?: HttpApp
  /** For operators: `operationsOf` of #messaging. Left out: nothing is served under `/ops`. */
  readonly operations?: Operations
  /** Begins to take part: `startParticipant` of #messaging. Called once PostgreSQL answers. */
  join(kafka: {
    readonly brokers: readonly string[]
    readonly clientId: string
    readonly sessionTimeoutMs: number
  }): Membership
  /**
   * Opens what its first calls to the outside would have to open. Done before the process is ready, for so long at most as
   * a start may wait for the outside; what fails is left to the calls.
   */
  open?(signal: AbortSignal): Promise<unknown>
  /** After the participant has stopped. */
  close?(): void | Promise<void>
}

/** What `startParticipant` returns, as far as a process has to know it. */
interface Membership {
  stop(options: { readonly timeoutMs: number }): Promise<void>
  problems(): readonly string[]
  /** Resolves when only another process can go on. */
  readonly lost: Promise<Error>
}

/** The outside may be away: then the process is ready without it. */
const openTimeoutMs = 1_000
/** As many as a first burst of requests and messages uses at a time. Each is a process of the server, so the pool's rest waits. */
const connectionsAtStart = 5

/** For the batch and the calls at hand. What takes longer is resumed elsewhere when its lease is over. */
const stopTimeoutMs = 5_000

/** The life of a service that takes part in the saga: HTTP, then PostgreSQL, then Kafka, and back in reverse order. */
export async function runService<DB>(options: ServiceOptions<DB>): Promise<void> {
  const { service, settings, database } = options
  const log = createLogger({ service, level: settings.LOG_LEVEL })
  const readiness = createReadiness()
  const metrics = createMetrics(log)
  const db = openDatabase<DB>({ ...database, service, log, metrics })
  const parts = options.assemble({ db, log, metrics })
  const app = createApp({ service, readiness, log, metrics })
  if (parts.routes !== undefined) app.route('/', parts.routes)
  const { operations } = parts
  const { OPS_API_KEYS: keys } = settings
  if (operations !== undefined && keys !== undefined) app.route('/', operationsRoutes(operations, keys))
  const kafka = {
    brokers: settings.KAFKA_BROKERS,
    clientId: service,
    sessionTimeoutMs: settings.KAFKA_SESSION_TIMEOUT_MS,
  }
  await runProcess({
    service,
    ...(settings.HOST === undefined ? {} : { host: settings.HOST }),
    port: settings.PORT,
    drainMs: settings.DRAIN_MS,
    log,
    readiness,
    app,
    start: async (life) => {
      life.onStop('database', () => closeDatabase(db))
      const connections = Math.min(connectionsAtStart, database.poolMax)
      const late = AbortSignal.timeout(openTimeoutMs)
      const outside = Promise.race([parts.open?.(late), once(late, 'abort')]).catch(() => undefined)
      await waitFor('PostgreSQL', () => openConnections(db, connections), life)
      life.readiness.check('PostgreSQL', () => pingDatabase(db).then(() => undefined))
      const membership = parts.join(kafka)
      life.onStop('participant', async () => {
        await membership.stop({ timeoutMs: stopTimeoutMs })
        await parts.close?.()
      })
      void membership.lost.then((err) => life.fail(err))
      life.readiness.check('participant', () => membership.problems()[0])
      await outside
    },
  })
}
