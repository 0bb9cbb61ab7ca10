import { type Kysely, sql } from 'kysely'
import { ownJson, parseOwnJson } from '#contracts'
import { jsonbStore } from '#messaging'
import type { OrderDatabase } from './tables.ts'
import type { Order } from './vocabulary.ts'

export const orders = jsonbStore<Order>('orders', ownJson)

export const orderStatuses = [
  'pending',
  'confirmed',
  'paid',
  'refunded',
  'cancelled',
] as const satisfies readonly Order['status'][]

/** An order as the world sees it: its version is the number of events it has said. */
export interface VersionedOrder {
  readonly order: Order
  readonly version: number
}

/** Without a lock. Another merchant's order is not there. */
export async function findOrder(
  db: Kysely<OrderDatabase>,
  { merchantId, orderId }: { readonly merchantId: string; readonly orderId: string },
): Promise<VersionedOrder | undefined> {
  const row = await db
    .selectFrom('orders')
    .select(['version', sql<string>`state::text`.as('state')])
    .where('id', '=', orderId)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst()
  return row === undefined ? undefined : versioned(row)
}

export interface Page {
  readonly merchantId: string
  readonly status?: Order['status'] | undefined
  readonly limit: number
  /** The last order of the page before. */
  readonly before?: string | undefined
}

/**
 * At most `limit` orders, newest first. Each status is a range of the one index, read from its end: a merchant with a
 * million orders costs as little as one with ten, with or without a status.
 */
export async function listOrders(
  db: Kysely<OrderDatabase>,
  { merchantId, status, limit, before = beyondAllIds }: Page,
): Promise<readonly VersionedOrder[]> {
  const statuses = status === undefined ? orderStatuses : [status]
  const { rows } = await sql<Row>`
    select page.version, page.state::text as state
    from unnest(${statuses}::text[]) as wanted (status)
    cross join lateral (
      select id, version, state from orders
      where merchant_id = ${merchantId} and status = wanted.status and id < ${before}
      order by id desc limit ${limit}
    ) as page
    order by page.id desc limit ${limit}`.execute(db)
  return rows.map(versioned)
}

const beyondAllIds = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

interface Row {
  readonly version: number
  readonly state: string
}

/** As text, for the driver's JSON would make floats of the money. */
function versioned({ version, state }: Row): VersionedOrder {
  return { version, order: parseOwnJson<Order>(state) }
}
