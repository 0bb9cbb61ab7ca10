import { z } from 'zod'
import { queryRows } from './query.ts'
import type { Shop } from './shop.ts'

const event = z.object({ id: z.string(), key: z.string(), type: z.string(), at: z.date() })
export type Committed = z.infer<typeof event>
const count = z.object({ mark: z.string(), count: z.int() })

const schemas = ['order_service', 'payment_service', 'notification_service'] as const

const rows = ({ stack }: Shop, text: string, values: readonly unknown[]) =>
  queryRows(stack.endpoints.adminUrl, text, values)

/** What the services have said, by SQL: every row of every outbox, in the order of the database's clock. */
export async function committed(shop: Shop): Promise<readonly Committed[]> {
  const all = schemas.map(
    (schema) => `select id::text, aggregateid as key, type, occurred_at as at from ${schema}.outbox`,
  )
  return z.array(event).parse(await rows(shop, `${all.join(' union all ')} order by at`, []))
}

/** How many orders exist for each mark in their metadata. */
export async function ordersByMark(shop: Shop, marks: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const text = `select state->'metadata'->>'mark' as mark, count(*)::int as count from order_service.orders
                where state->'metadata'->>'mark' = any($1) group by 1`
  const found = z.array(count).parse(await rows(shop, text, [marks]))
  return new Map(found.map((each) => [each.mark, each.count]))
}
