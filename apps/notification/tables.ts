import type { ColumnType } from 'kysely'

/** What the notification service queries by itself. The columns of the outbox and of effects belong to #messaging. */
export interface NotificationDatabase {
  readonly notifications: NotificationsTable
}

/** Written by `jsonbStore` alone; the rest is derived from `state`. */
interface NotificationsTable {
  readonly id: ColumnType<string, never, never>
  readonly merchant_id: ColumnType<string, never, never>
}
