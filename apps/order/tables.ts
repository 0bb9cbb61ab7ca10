import type { ColumnType, Generated } from 'kysely'

/** What the order service queries by itself. The columns of the outbox and of effects belong to #messaging. */
export interface OrderDatabase {
  readonly orders: OrdersTable
  readonly idempotency_keys: IdempotencyKeysTable
}

/** Written by `jsonbStore` alone; the rest is derived from `state`. */
interface OrdersTable {
  readonly id: ColumnType<string, never, never>
  readonly version: ColumnType<number, never, never>
  readonly merchant_id: ColumnType<string, never, never>
  readonly status: ColumnType<string, never, never>
}

interface IdempotencyKeysTable {
  readonly merchant_id: string
  readonly key: string
  readonly fingerprint: Buffer
  readonly created_at: Generated<Date>
  readonly order_id: Answered<string>
  readonly status: Answered<number>
  readonly headers: Answered<Readonly<Record<string, string>>, string>
  readonly body: Answered<string>
}

/** Null until the transaction that claimed the key has its answer: nobody else ever sees it null. */
type Answered<Value, Written = Value> = ColumnType<Value | null, undefined, Written>
