import type { ColumnType } from 'kysely'

/** What the payment service queries by itself. The columns of the outbox and of effects belong to #messaging. */
export interface PaymentDatabase {
  readonly payments: PaymentsTable
  readonly payments_history: PaymentsHistoryTable
}

/** Written by `jsonbStore` alone; the rest is derived from `state`. */
interface PaymentsTable {
  readonly id: Read<string>
  readonly version: Read<number>
  readonly merchant_id: Read<string>
}

interface PaymentsHistoryTable {
  readonly position: Read<string>
  readonly id: Read<string>
  readonly version: Read<number>
  readonly at: Read<Date>
  readonly type: Read<string>
  readonly cause: Read<string>
  readonly change: Read<Readonly<Record<string, unknown>>>
}

type Read<Value> = ColumnType<Value, never, never>
