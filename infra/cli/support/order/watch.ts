import { setTimeout } from 'node:timers/promises'
import type { Local } from '../stack/local.ts'
import { getOrder, type OrderView } from './api.ts'
import type { Database } from './database.ts'
import { type Said, timelineOf } from './timeline.ts'

export interface Watched {
  readonly order: OrderView
  readonly timeline: readonly Said[]
}

const pollMs = 50
/** Sagas take milliseconds. One that stands still for so long needs a look, and gets it from what is returned. */
const stillMaxMs = 30_000

/** What is looked at: the order service for the outcome, the database for the way. */
export interface Sight {
  readonly local: Local
  readonly database: Database
}

/** Follows an order until it is finished and its customer has been written to, or until it has stood still for half a minute. */
export async function watchOrder({ local, database }: Sight, id: string): Promise<Watched> {
  let movedAtMs = performance.now()
  let seen = 0
  for (;;) {
    const order = await getOrder(local, id)
    const timeline = await timelineOf(database, id)
    if (timeline.length > seen) movedAtMs = performance.now()
    seen = timeline.length
    const standsStill = performance.now() - movedAtMs > stillMaxMs
    if ((isFinished(order) && wasNotified(timeline)) || standsStill) return { order, timeline }
    await setTimeout(pollMs)
  }
}

const isFinished = ({ status, settled }: OrderView): boolean =>
  status === 'paid' || status === 'refunded' || (status === 'cancelled' && settled)

const wasNotified = (timeline: readonly Said[]): boolean =>
  timeline.some(({ type }) => type === 'NotificationSent' || type === 'NotificationFailed')
