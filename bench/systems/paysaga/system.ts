import { setTimeout as sleep } from 'node:timers/promises'
import type { QueryResultRow } from 'pg'
import { firstKey, type ServiceName, type Services, type ServicesOptions, type Stack } from '../../../infra/index.ts'
import { kafkaClient } from '../../../infra/kafka/client.ts'
import { consumerLag } from '../../../infra/kafka/lag.ts'
import type { System } from '../../system.ts'
import { type BuildName, needsConnect } from './builds.ts'
import * as usual from './queries.ts'

export interface PaysagaOptions {
  readonly name: string
  readonly stack: Stack
  readonly services: Services
  readonly ports: ServicesOptions['ports']
  /** Undefined: the services as they are, with the gateway over HTTP and mails by SMTP. */
  readonly build: BuildName | undefined
  /** As the superuser, in the database of the services. */
  readonly query: <Row extends QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>
  /** Those of `queries.ts` unless given, which read the history. */
  readonly queries?: Queries
}

export interface Queries {
  readonly endedSql: string
  readonly outcomesSql: string
  readonly flawsSql: string
}

const relay = ['relay'] as const
const drainedWithinMs = 15_000
const drainPollMs = 200

/** This system with all its guarantees, or a build of it. */
export function paysaga(options: PaysagaOptions): System {
  const { name, stack, services, ports, build, query, queries = usual } = options
  const outside: readonly ServiceName[] = build === undefined ? ['mail-sink', 'gateway-simulator'] : []
  const inside: readonly ServiceName[] = [...(needsConnect(build) ? relay : []), 'order', 'payment', 'notification']
  return {
    name,
    orders: {
      url: `http://127.0.0.1:${ports.order}/orders`,
      headers: { authorization: `Bearer ${firstKey(services, 'API_KEYS')}`, 'content-type': 'application/json' },
    },
    start: async () => {
      await Promise.all(outside.map((service) => services.start(service)))
      await Promise.all(inside.map((service) => services.start(service, inBuild(build))))
    },
    stop: async () => {
      try {
        await drained(stack, services)
      } finally {
        await services.stopAll()
      }
    },
    countEnded: async () => (await query<{ count: number }>(queries.endedSql))[0]?.count ?? 0,
    outcomes: async (orderIds) =>
      (
        await query<{ id: string; notified_at_ms: number | null; paid_at_ms: number | null }>(queries.outcomesSql, [
          orderIds,
        ])
      ).map(({ id, notified_at_ms, paid_at_ms }) => ({
        orderId: id,
        notifiedAtMs: notified_at_ms ?? undefined,
        paidAtMs: paid_at_ms ?? undefined,
      })),
    flaws: async () => (await query<{ flaw: string }>(queries.flawsSql)).map(({ flaw }) => flaw),
    processes: async () => {
      const all = [...(await stack.status()), ...(await services.status())]
      return new Map(all.flatMap((each) => (each.pid === undefined ? [] : [[each.name, each.pid]])))
    },
  }
}

/**
 * An order has ended before its last event is heard by everybody. Stopped then and emptied, a consumer would begin with
 * an event about a row that is gone, and stop its partition.
 */
async function drained(stack: Stack, services: Services): Promise<void> {
  const consumers = new Set(['order', 'payment', 'notification'])
  const statuses = await services.status()
  if (!statuses.some(({ name, pid }) => consumers.has(name) && pid !== undefined)) return
  const until = performance.now() + drainedWithinMs
  for (;;) {
    const lags = await consumerLag(kafkaClient(stack.endpoints.brokers), sagaGroups)
    if (lags.every(({ group, lagMessages }) => lagMessages === 0n || !sagaGroups.some((saga) => saga.group === group)))
      return
    if (performance.now() > until) throw new Error('The services do not come to the end of their topics')
    await sleep(drainPollMs)
  }
}

const sagaGroups = [
  { group: 'order-service', topic: 'payment.events' },
  { group: 'payment-service', topic: 'order.events' },
  { group: 'notification-service', topic: 'order.events' },
]

/** The environment that makes a service this build of it. */
export function inBuild(build: BuildName | undefined): Readonly<Record<string, string>> {
  if (build === undefined) return {}
  const importing = new URL('./build.ts', import.meta.url).href
  return { NODE_OPTIONS: `--import=${importing}`, BENCH_BUILD: build }
}
