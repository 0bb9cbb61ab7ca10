import { availableParallelism } from 'node:os'
import type { Stack } from '../../../infra/index.ts'
import { orderOf } from '../../load/orders.ts'
import { endedSql, flawsSql } from '../paysaga/queries.ts'
import { maxSlots, type Replayed } from './command.ts'
import { type CeilingDatabase, openDatabase } from './database.ts'
import { countStatements } from './plan.ts'
import { recordPlans } from './record.ts'
import { openReplay } from './replay.ts'

export interface CeilingOptions {
  /** PostgreSQL runs. */
  readonly stack: Pick<Stack, 'endpoints'>
  readonly seconds: number
  /** The orders are some of those that a load with this seed sends. */
  readonly seed: number
}

export interface Ceiling {
  /** From the first begin to the last commit. */
  readonly ordersPerSecond: number
  /** Without `begin` and `commit`. */
  readonly statementsPerOrder: number
  readonly transactionsPerOrder: number
  /** Anything here, and the numbers are not to be shown. */
  readonly faults: readonly string[]
}

/** Orders of different sizes: a load has them from one item to three. */
const recordedBodies = 8
const recordedPerBody = 2
const warmUpOrders = 5
const cores = availableParallelism()
/** Orders at one time, each on three connections of its own. */
const slots = Math.min(maxSlots, 8 * cores)
/** Of the driver: a second one only costs while the first is far from busy. */
const processes = Math.ceil(cores / 2)

/**
 * What PostgreSQL and a bare driver can do at most when messages are handled one by one: the very statements that our
 * services execute for an order on its happy way, one transaction for each message, from a plain loop. There is no
 * Kafka, no HTTP, no parsing and no deciding in it.
 *
 * The same as with the services: tables, roles, statements by name, `begin` in one round trip with what follows. Other
 * than there: times are those of the recorded orders, and the ids of events are made up, since nobody reads the outbox.
 */
export async function measureCeiling({ stack, seconds, seed }: CeilingOptions): Promise<Ceiling> {
  await using database = await openDatabase(stack.endpoints)
  const { admin, urlOf } = database
  const bodies = Array.from({ length: recordedBodies }, (_, number) => orderOf(seed, number))
  const plans = await recordPlans({ admin, urlOf }, bodies)
  const urls = {
    order_service: urlOf('order_service'),
    payment_service: urlOf('payment_service'),
    notification_service: urlOf('notification_service'),
  }
  await using replay = await openReplay({ urls, slots, processes, seconds, warmUpOrders, plans })
  const replayed = await replay.run()
  const untimed = recordedBodies * recordedPerBody + slots * warmUpOrders
  const elapsed = (replayed.lastCommitAtMs - replayed.firstBeginAtMs) / 1_000
  return {
    ordersPerSecond: Math.round((replayed.orders / elapsed) * 10) / 10,
    statementsPerOrder: mean(plans.map(countStatements)),
    transactionsPerOrder: mean(plans.map(({ transactions }) => transactions.length)),
    faults: await faultsOf(database, replayed, untimed),
  }
}

/** What was left behind must be as after real orders. */
async function faultsOf({ admin }: CeilingDatabase, { orders, faults }: Replayed, untimed: number): Promise<string[]> {
  const { rows: flaws } = await admin.query<{ flaw: string }>(flawsSql)
  const { rows: counts } = await admin.query<{ count: number }>(endedSql)
  const ended = counts[0]?.count ?? 0
  const wrongCount = ended === orders + untimed ? [] : [`${orders + untimed} orders were made and ${ended} have ended`]
  return [...faults, ...flaws.map(({ flaw }) => flaw), ...(faults.length > 0 ? [] : wrongCount)]
}

function mean(counts: readonly number[]): number {
  return Math.round((counts.reduce((sum, count) => sum + count, 0) / counts.length) * 100) / 100
}
