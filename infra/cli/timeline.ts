import { z } from 'zod'
import type { Stack } from '../index.ts'
import { queryRows } from './query.ts'

export interface Said {
  readonly type: string
  readonly service: string
  readonly at: Date
}

const schemas = ['order_service', 'payment_service', 'notification_service'] as const
/** Clocks of the service that made the order's id and of the database may differ by so much. */
const clockSkewMs = 60_000

const row = z.object({ type: z.string(), source: z.string(), occurred_at: z.date() })

/** Everything the services have said about an order, in the order of the database's clock. */
export async function timelineOf({ endpoints }: Stack, orderId: string): Promise<readonly Said[]> {
  // A UUIDv7 begins with its milliseconds: rows that are older cannot be about this order.
  const placedAt = Number.parseInt(orderId.replaceAll('-', '').slice(0, 12), 16)
  const since = new Date(placedAt - clockSkewMs)
  const said = await Promise.all(
    schemas.map(async (schema) => {
      const rows = await queryRows(
        endpoints.databaseUrl(schema),
        `select type, source, occurred_at from outbox
         where aggregateid = $1 and id >= outbox_id_at($2) order by id`,
        [orderId, since],
      )
      return z.array(row).parse(rows)
    }),
  )
  return inOrder(
    said
      .flat()
      .map(({ type, source, occurred_at }) => ({ type, service: source.replace(/-service$/, ''), at: occurred_at })),
  )
}

/** By time. */
export function inOrder(timeline: readonly Said[]): readonly Said[] {
  return timeline.toSorted((one, other) => one.at.getTime() - other.at.getTime())
}

/** One line an event: milliseconds since the first, service, event. */
export function timelineLines(timeline: readonly Said[]): readonly string[] {
  const start = timeline[0]?.at.getTime() ?? 0
  return timeline.map(
    ({ at, service, type }) => `${`${at.getTime() - start}`.padStart(7)} ms  ${service.padEnd(12)}  ${type}`,
  )
}
