import { type Kysely, sql } from 'kysely'
import { ownJson, parseOwnJson } from '#contracts'
import { jsonbStore } from '#messaging'
import type { NotificationDatabase } from './tables.ts'
import type { Notification } from './vocabulary.ts'

export const notifications = jsonbStore<Notification>('notifications', ownJson)

/** Without a lock. Another merchant's is not there. */
export async function findNotification(
  db: Kysely<NotificationDatabase>,
  { merchantId, orderId }: { readonly merchantId: string; readonly orderId: string },
): Promise<Notification | undefined> {
  const row = await db
    .selectFrom('notifications')
    // As text, for the driver's JSON would make floats of the money.
    .select(sql<string>`state::text`.as('state'))
    .where('id', '=', orderId)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst()
  return row === undefined ? undefined : parseOwnJson<Notification>(row.state)
}
