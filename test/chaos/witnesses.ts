import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { z } from 'zod'
import type { ServiceSchema } from '../../db/migrate.ts'
import { type ReadMessage, readTopics } from '../support/kafka/topic-reader.ts'
import { limitMs } from '../support/limits.ts'
import { type Charges, charges, type Shop } from '../support/system/shop.ts'
import type { Load, Placed, Request } from './load.ts'

const aggregate = z.object({ id: z.string(), version: z.int(), sourceVersion: z.int() })
const order = aggregate.extend({
  mark: z.string(),
  status: z.enum(['pending', 'confirmed', 'paid', 'refunded', 'cancelled']),
  settled: z.boolean(),
  onHold: z.boolean(),
  currency: z.string(),
  totalMinor: z.coerce.number(),
  capturedMinor: z.coerce.number(),
  refundedMinor: z.coerce.number(),
})
const step = z.object({
  of: z.string(),
  id: z.string(),
  type: z.string(),
  cause: z.string(),
  status: z.string().nullable(),
})
const cleared = z.object({ orderId: z.string(), currency: z.string(), balanceMinor: z.coerce.number() })
const said = z.object({ id: z.string(), stream: z.string(), key: z.string(), type: z.string(), version: z.int() })
const keyed = z.object({ of: z.string(), key: z.string() })
const chargesPage = z.object({ orders: z.array(charges), nextCursor: z.int().nullable() })

export type OrderRow = z.infer<typeof order>
export type AggregateRow = z.infer<typeof aggregate>

/** What everybody who is not a service knows of the orders of one load. */
export interface Facts {
  readonly placed: readonly Placed[]
  readonly requests: readonly Request[]
  readonly orders: readonly OrderRow[]
  readonly payments: readonly AggregateRow[]
  readonly notifications: readonly AggregateRow[]
  /** Of all three services, in the order of each aggregate's life. */
  readonly history: readonly z.infer<typeof step>[]
  /** Every row of every outbox, whoever's order it is about. */
  readonly said: readonly z.infer<typeof said>[]
  /** Every message of the topics. */
  readonly messages: readonly ReadMessage[]
  /** Whoever's. */
  readonly charges: readonly Charges[]
  /** Of all orders there are, and of what others have charged or mailed before for orders that there are not. */
  readonly orderIds: ReadonlySet<string>
  /** The ledger's clearing account, by order and currency. */
  readonly clearing: readonly z.infer<typeof cleared>[]
  readonly mails: readonly Mail[]
  readonly effects: readonly z.infer<typeof keyed>[]
  readonly parkedKeys: readonly z.infer<typeof keyed>[]
  readonly parkedMessages: readonly z.infer<typeof keyed>[]
}

export interface Mail {
  readonly orderId: string
  readonly messageId: string
}

export const topics = ['order.events', 'payment.events', 'notification.events']
const schemas = ['order_service', 'payment_service', 'notification_service'] as const

type Sql = readonly [text: string, values?: readonly unknown[]]

/** In one service's schema, wherever that lives. */
interface Where {
  readonly shop: Shop
  readonly schema: ServiceSchema
}

async function select<Row>({ shop, schema }: Where, row: z.ZodType<Row>, [text, values = []]: Sql) {
  const { endpoints } = shop.stack
  const client = new pg.Client({ connectionString: endpoints.databaseUrl('postgres', shop.databases[schema]) })
  await client.connect()
  try {
    await client.query(`set search_path = ${schema}`)
    return z.array(row).parse((await client.query(text, [...values])).rows)
  } finally {
    await client.end()
  }
}

const everywhere = async <Row>(shop: Shop, row: z.ZodType<Row>, sqlOf: (schema: ServiceSchema) => Sql) =>
  (await Promise.all(schemas.map((schema) => select({ shop, schema }, row, sqlOf(schema))))).flat()

const positions = (table: string, ids: readonly string[]): Sql => [
  `select id::text, version, source_version as "sourceVersion" from ${table} where id = any($1)`,
  [ids],
]

const keysIn =
  (table: string, keys: readonly string[]) =>
  (schema: ServiceSchema): Sql => [`select '${schema}' as of, key from ${table} where key = any($1)`, [keys]]

/** What an order, its payment and its notification are, by SQL alone: what a drain is judged by. */
export async function stateOf(shop: Shop, { placed }: Load) {
  const orders = await select({ shop, schema: 'order_service' }, order, [
    `select id::text, version, source_version as "sourceVersion", state->'metadata'->>'mark' as mark, status, settled,
            coalesce((state->>'onHold')::boolean, false) as "onHold", state->>'currency' as currency,
            total_minor as "totalMinor", captured_minor as "capturedMinor", refunded_minor as "refundedMinor"
     from orders where state->'metadata'->>'mark' = any($1)`,
    [placed.map(({ mark }) => mark)],
  ])
  const ids = orders.map(({ id }) => id)
  const [payments, notifications, effects, parkedKeys] = await Promise.all([
    select({ shop, schema: 'payment_service' }, aggregate, positions('payments', ids)),
    select({ shop, schema: 'notification_service' }, aggregate, positions('notifications', ids)),
    everywhere(shop, keyed, keysIn('effect', ids)),
    everywhere(shop, keyed, keysIn('parked_key', ids)),
  ])
  return { orders, payments, notifications, effects, parkedKeys }
}

/** Whom the gateway and the mail server know by now. */
export async function knownBefore(shop: Shop): Promise<ReadonlySet<string>> {
  const known = [...(await chargesOfAll(shop)), ...(await mailsOf(shop))]
  return new Set(known.flatMap(({ orderId }) => orderId ?? []))
}

/**
 * To be asked when nothing moves any more.
 * @param strangers whom the gateway and the mail server knew before the load
 */
export async function collect(shop: Shop, load: Load, strangers: ReadonlySet<string>): Promise<Facts> {
  const state = await stateOf(shop, load)
  const ids = state.orders.map(({ id }) => id)
  const saidRows = await everywhere(shop, said, () => [
    `select id::text, aggregatetype as stream, aggregateid as key, type, aggregate_version as version from outbox
     where aggregatetype <> 'operations'`,
  ])
  const messages = await shipped(shop, saidRows)
  const [allOrders, history, parkedMessages, allCharges, clearing, mails] = await Promise.all([
    select({ shop, schema: 'order_service' }, z.object({ id: z.string() }), ['select id::text from orders']),
    everywhere(shop, step, (schema) => [
      `select '${schema}' as of, id::text, type, cause, change->>'status' as status
       from ${tableOf[schema]}_history where id = any($1) order by id, position`,
      [ids],
    ]),
    everywhere(shop, keyed, keysIn('parked_message', ids)),
    chargesOfAll(shop),
    select({ shop, schema: 'payment_service' }, cleared, [clearingSql, [ids]]),
    mailsOf(shop),
  ])
  return {
    ...state,
    placed: load.placed,
    requests: load.requests,
    history,
    said: saidRows,
    parkedMessages,
    messages,
    charges: allCharges,
    orderIds: new Set([...allOrders.map(({ id }) => id), ...strangers]),
    clearing,
    mails,
  }
}

/** How long what was said last may be on its way to Kafka. */
const shippingMaxMs = limitMs(10_000)

/**
 * The topics, read again until all that was said is in them: nobody consumes what notifications say, so that a drained
 * system may still have some of it on its way. What is missing after that is lost, and the judge names it.
 */
async function shipped(shop: Shop, saidRows: Facts['said']): Promise<readonly ReadMessage[]> {
  const deadline = performance.now() + shippingMaxMs
  for (;;) {
    const messages = await readTopics(shop.stack.endpoints.brokers, topics)
    const ids = new Set(messages.map(({ id }) => id))
    if (saidRows.every(({ id }) => ids.has(id)) || performance.now() > deadline) return messages
  }
}

const clearingSql = `
  select order_id::text as "orderId", currency,
         sum(case 'gateway_clearing' when debit_account then amount_minor when credit_account then -amount_minor else 0 end)
           as "balanceMinor"
  from ledger_transfers where order_id = any($1) group by order_id, currency`

const tableOf: { readonly [schema in ServiceSchema]: string } = {
  order_service: 'orders',
  payment_service: 'payments',
  notification_service: 'notifications',
}

async function chargesOfAll(shop: Shop): Promise<readonly Charges[]> {
  const all: Charges[] = []
  for (let cursor: number | null = 0; cursor !== null; ) {
    const address = `/simulator/charges?limit=1000&cursor=${cursor}`
    const page: z.infer<typeof chargesPage> = chargesPage.parse(await shop.getJson(shop.ports.gateway, address))
    all.push(...page.orders)
    cursor = page.nextCursor
  }
  return all
}

/** Tens of thousands at once are more than a process may have open. */
const openFilesMax = 500

/** The sink's own files: it shows the newest only. */
async function mailsOf({ services }: Shop): Promise<readonly Mail[]> {
  const folder = services.environment['MAIL_DIR'] ?? ''
  const files = (await readdir(folder)).filter((name) => name.endsWith('.eml'))
  const mails: string[] = []
  for (let from = 0; from < files.length; from += openFilesMax) {
    const some = files.slice(from, from + openFilesMax)
    mails.push(...(await Promise.all(some.map((name) => readFile(join(folder, name), 'utf8')))))
  }
  return mails.flatMap((text) => {
    const [, orderId] = /^x-order-id: (\S+)/im.exec(text) ?? []
    const [, messageId] = /^message-id:\s+(\S+)/im.exec(text) ?? []
    return orderId === undefined || messageId === undefined ? [] : [{ orderId, messageId }]
  })
}
