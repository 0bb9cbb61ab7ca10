import { setTimeout } from 'node:timers/promises'
import { getOrder, type OrderView } from './api.ts'
import type { Local } from './local.ts'
import type { Database } from './support/database.ts'
import { type Said, timelineOf } from './timeline.ts'

export interface Watched {
  readonly order: OrderView
  readonly timeline: readonly Said[]
}

const pollMs = 50
/** Sagas take milliseconds. One that takes this long needs a look, and gets it from what is returned. */
const watchMaxMs = 30_000

/** What is looked at: the order service for the outcome, the database for the way. */
export interface Sight {
  readonly local: Local
  readonly database: Database
}

/** Follows an order until it is finished and its customer has been written to, or for half a minute. */
export async function watchOrder({ local, database }: Sight, id: string): Promise<Watched> {
  const deadline = performance.now() + watchMaxMs
  for (;;) {
    const order = await getOrder(local, id)
    const timeline = await timelineOf(database, id)
    if ((isFinished(order) && wasNotified(timeline)) || performance.now() > deadline) return { order, timeline }
    await setTimeout(pollMs)
  }
}

const isFinished = ({ status, settled }: OrderView): boolean =>
  status === 'paid' || status === 'refunded' || (status === 'cancelled' && settled)

const wasNotified = (timeline: readonly Said[]): boolean =>
  timeline.some(({ type }) => type === 'NotificationSent' || type === 'NotificationFailed')
