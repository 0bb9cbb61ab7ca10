import { moneyFlawsSql } from '../paysaga/queries.ts'

// As `bench/systems/paysaga/queries.ts`, for builds that lack the history or the outbox: all is told by the aggregates alone.
// They serve every build, so that those that are compared are asked the same.

/** Paid, and the customer's mail has gone: `version` counts what a notification has said, of a mail sent or failed. */
export const endedSql = `
  select least((select count(*) from order_service.orders where status = 'paid'),
               (select count(*) from notification_service.notifications where version > 0))::int as count`

/**
 * An order's last change is that it is paid, and others could see it from then on. That its customer is told changes a
 * row which changes again: this is when the database's clock said so, a few milliseconds before others could see it.
 */
export const outcomesSql = `
  select orders.id,
         extract(epoch from (told.state #>> '{messages,0,queuedAt}')::timestamptz)::float8 * 1000 as notified_at_ms,
         case when orders.status = 'paid'
              then extract(epoch from pg_xact_commit_timestamp(orders.xmin))::float8 * 1000 end as paid_at_ms
  from unnest($1::uuid[]) as placed (id)
  join order_service.orders using (id)
  left join notification_service.notifications as told using (id)`

/** Each line a flaw: nothing may be lost, doubled or left hanging. */
export const flawsSql = `${moneyFlawsSql}
  union all
  select 'orders whose customer was not told exactly once: ' || count(*)
  from order_service.orders left join notification_service.notifications as told using (id)
  where jsonb_array_length(jsonb_path_query_array(told.state, '$.messages[*] ? (@.status == "sent")')) is distinct from 1
  having count(*) > 0
  union all
  -- Placed, confirmed and paid; authorised and captured; sent: each says so many events, and each just once.
  select 'orders of which more or less was said than it should be: ' || count(*)
  from order_service.orders
  left join payment_service.payments as payment using (id)
  left join notification_service.notifications as told using (id)
  where (orders.version, payment.version, told.version) is distinct from (3, 2, 1) having count(*) > 0`
