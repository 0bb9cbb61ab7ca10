import pg from 'pg'
import { z } from 'zod'
import type { Outcome, System } from '../../system.ts'

/** What the database of the baseline knows. Its connection closes by itself and keeps no process alive. */
export type Findings = Pick<System, 'countEnded' | 'outcomes' | 'flaws'>

/** One array of ids as a parameter is cheap up to here. */
const idsMax = 10_000

export function findings(connectionString: string): Findings {
  const pool = new pg.Pool({ connectionString, max: 1, connectionTimeoutMillis: 5_000, allowExitOnIdle: true })
  // The server may restart between two questions.
  pool.on('error', () => undefined)
  return {
    countEnded: async () => {
      const { rows } = await pool.query(ended)
      return counted.parse(rows[0]).count
    },
    outcomes: async (orderIds) => {
      const found: Outcome[] = []
      for (let from = 0; from < orderIds.length; from += idsMax) {
        const { rows } = await pool.query(whatBecame, [orderIds.slice(from, from + idsMax)])
        found.push(...z.array(outcome).parse(rows))
      }
      return found
    },
    flaws: async () => {
      const found: string[] = []
      for (const [what, orders] of flaws) {
        const { rows } = await pool.query(`select count(*)::int, min(id::text) as example from (${orders}) as flawed`)
        const { count, example } = flawed.parse(rows[0])
        if (count > 0) found.push(`${count} ${what}, ${example} for one`)
      }
      return found
    },
  }
}

const counted = z.object({ count: z.int() })
const flawed = counted.extend({ example: z.string().nullable() })
const commitTime = z
  .number()
  .nullable()
  .transform((atMs) => atMs ?? undefined)
const outcome = z.object({ orderId: z.string(), notifiedAtMs: commitTime, paidAtMs: commitTime })

const ended = `
  select count(*)::int from orders
   where status = 'paid' and exists (select from notifications where order_id = orders.id)`

const committedAtMs = (xmin: string): string => `(extract(epoch from pg_xact_commit_timestamp(${xmin})) * 1000)::float8`

/** Nothing follows on \`paid\`: the row's last writer is who paid. Told twice counts as told the first time. */
const whatBecame = `
  select id as "orderId",
         case when status = 'paid' then ${committedAtMs('orders.xmin')} end as "paidAtMs",
         (select min(${committedAtMs('notifications.xmin')})
            from notifications where order_id = orders.id) as "notifiedAtMs"
    from orders where id = any($1::uuid[])`

/** What is wrong, and the orders of which it is true. */
const flaws: readonly (readonly [what: string, orders: string])[] = [
  ['orders are not paid', `select id from orders where status <> 'paid'`],
  [
    'orders have no payment',
    'select id from orders where not exists (select from payments where order_id = orders.id)',
  ],
  [
    'orders have no notification',
    'select id from orders where not exists (select from notifications where order_id = orders.id)',
  ],
  ['orders have more than one payment', 'select order_id as id from payments group by order_id having count(*) > 1'],
  [
    'orders have more than one notification',
    'select order_id as id from notifications group by order_id having count(*) > 1',
  ],
  [
    'orders were not charged what they cost',
    `select orders.id from orders
       left join (select order_id, sum(captured_minor) as taken from payments group by order_id) as charged
         on charged.order_id = orders.id
      where orders.captured_minor <> total_minor or coalesce(taken, 0) <> total_minor`,
  ],
  [
    'payments or notifications are of an order that is not there',
    `select order_id as id from (select order_id from payments union all select order_id from notifications) as heard
      where not exists (select from orders where id = heard.order_id)`,
  ],
]
