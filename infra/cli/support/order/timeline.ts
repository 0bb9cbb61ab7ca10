import { z } from 'zod'
import { faint } from '../display/color.ts'
import type { Database } from './database.ts'

export interface Said {
  readonly type: string
  readonly service: string
  readonly at: Date
}

/** Clocks of the service that made the order's id and of the database may differ by so much. */
const clockSkewMs = 60_000

const rows = z.array(z.object({ type: z.string(), source: z.string(), occurred_at: z.date() }))

/** Services in the order in which they speak of what happens at one moment, and in it the order of their outboxes. */
const everythingSaid = (['order', 'payment', 'notification'] as const)
  .map(
    (service, rank) => `
      select ${rank} as rank, id, type, source, occurred_at from ${service}_service.outbox
      where aggregateid = $1 and id >= ${service}_service.outbox_id_at($2)`,
  )
  .join(' union all ')

/** Everything the services have said about an order, in the order of the database's clock. */
export async function timelineOf(database: Database, orderId: string): Promise<readonly Said[]> {
  // A UUIDv7 begins with its milliseconds: rows that are older cannot be about this order.
  const placedAt = Number.parseInt(orderId.replaceAll('-', '').slice(0, 12), 16)
  const since = new Date(placedAt - clockSkewMs)
  const said = await database.rows(`${everythingSaid} order by occurred_at, rank, id`, [orderId, since])
  return rows
    .parse(said)
    .map(({ type, source, occurred_at }) => ({ type, service: source.replace(/-service$/, ''), at: occurred_at }))
}

/** By time. */
export function inOrder(timeline: readonly Said[]): readonly Said[] {
  return timeline.toSorted((one, other) => one.at.getTime() - other.at.getTime())
}

/** One line an event: milliseconds since the first, service, event. */
export function timelineLines(timeline: readonly Said[]): readonly string[] {
  const start = timeline[0]?.at.getTime() ?? 0
  return timeline.map(
    ({ at, service, type }) =>
      `${faint(`${`${at.getTime() - start}`.padStart(7)} ms`)}  ${service.padEnd(12)}  ${type}`,
  )
}
