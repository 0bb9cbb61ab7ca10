import { type Kysely, sql } from 'kysely'
import { type Observer, readBacklog } from '#messaging'
import { catalogue, type Metrics, participantMetrics, watchBacklog } from '#runtime'
import type { OrderDatabase } from './tables.ts'
import type { OrderVocabulary } from './vocabulary.ts'

/** What is counted and timed of orders: all that any participant does, how long a saga takes, and what is still open. */
export function orderMetrics(metrics: Metrics, db: Kysely<OrderDatabase>): Observer<OrderVocabulary> {
  watchBacklog(metrics, () => readBacklog(db, { aggregates: 'orders' }))
  watchOpenOrders(metrics, db)
  const observer = participantMetrics(metrics)
  const sagaDuration = metrics.histogram(catalogue.sagaDuration)
  return {
    ...observer,
    handled: (handled) => {
      observer.handled(handled)
      const end = endOf(handled.verdict)
      if (end !== undefined) sagaDuration.observe({ outcome: end.outcome }, end.seconds)
    },
  }
}

export type Decided = Parameters<Observer<OrderVocabulary>['handled']>[0]['verdict']

interface SagaEnd {
  readonly outcome: 'paid' | 'refunded' | 'cancelled'
  /** Since the order was placed, both by the database's clock. */
  readonly seconds: number
}

/**
 * Whether this decision is the end of a saga, told by what it says. An order may end twice, paid and later refunded:
 * both count, under their own outcome. No command ends one, so whoever observes messages and deadlines sees them all.
 */
export function endOf(verdict: Decided): SagaEnd | undefined {
  if (verdict.is !== 'applied') return undefined
  const { state, events } = verdict
  const seconds = (Date.parse(state.updatedAt) - Date.parse(state.createdAt)) / 1_000
  for (const event of events) {
    if (event.type === 'OrderPaid') return { outcome: 'paid', seconds }
    if (event.type === 'OrderRefunded' && event.full) return { outcome: 'refunded', seconds }
    const mayEnd = event.type === 'OrderCancelled' || event.type === 'OrderSettlementChanged'
    if (mayEnd && event.settled) return { outcome: 'cancelled', seconds }
  }
  return undefined
}

/** Beyond this, more is just more: counting costs time for each order, and an outage of the gateway leaves many open. */
const countMax = 10_000

const openStatuses = ['pending', 'confirmed'] as const
/** An order may wait a quarter of an hour for its authorisation, and a day for its capture, unless configured otherwise. */
const ages = ['under_1m', 'under_15m', 'under_1h', 'under_1d', 'over_1d'] as const

/** Orders that wait for their payment, by status and age; an age in which there is none is 0. */
export function watchOpenOrders(metrics: Metrics, db: Kysely<OrderDatabase>): void {
  const open = metrics.gauge(catalogue.openOrders)
  const oldest = metrics.gauge(catalogue.oldestOpenOrder)
  metrics.atScrape({
    name: 'open_orders',
    gauges: [open, oldest],
    fill: async () => {
      const rows = await countOpenOrders(db)
      for (const status of openStatuses) {
        const ofStatus = rows.filter((row) => row.status === status)
        oldest.set({ status }, Math.max(0, ...ofStatus.map(({ oldest_seconds }) => oldest_seconds)))
        for (const age of ages) open.set({ status, age }, ofStatus.find((row) => row.age === age)?.orders ?? 0)
      }
    },
  })
}

interface OpenOrders {
  readonly status: string
  readonly age: string
  readonly orders: number
  readonly oldest_seconds: number
}

/**
 * Reads the index of deadlines, which holds the pending and the confirmed orders and no others. The id is a UUIDv7 of
 * our own making: it tells when the order was placed.
 */
async function countOpenOrders(db: Kysely<OrderDatabase>): Promise<readonly OpenOrders[]> {
  const { rows } = await sql<OpenOrders>`
    select status,
           (${[...ages]}::text[])[1 + width_bucket(seconds, array[60, 900, 3600, 86400]::float8[])] as age,
           count(*)::int as orders, max(seconds) as oldest_seconds
    from (
      select status, extract(epoch from clock_timestamp() - uuid_extract_timestamp(id))::float8 as seconds
      from orders where due_at is not null order by due_at limit ${countMax}
    ) as open
    group by 1, 2`.execute(db)
  return rows
}
