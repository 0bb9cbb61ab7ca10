/** Paid, and the customer's mail is on its way. */
export const endedSql = `
  select least((select count(*) from order_service.orders where status = 'paid'),
               (select count(*) from notification_service.notifications_history where type = 'MailSent'))::int as count`

/** When the others could see it, and not when it was written: of the rows that nobody changes afterwards. */
export const outcomesSql = `
  select placed.id,
         extract(epoch from pg_xact_commit_timestamp(notified.xmin))::float8 * 1000 as notified_at_ms,
         extract(epoch from pg_xact_commit_timestamp(paid.xmin))::float8 * 1000 as paid_at_ms
  from unnest($1::uuid[]) as placed (id)
  join order_service.orders using (id)
  left join notification_service.notifications_history as notified
    on notified.id = placed.id and notified.type = 'OrderConfirmed'
  left join order_service.orders_history as paid on paid.id = placed.id and paid.type = 'PaymentCaptured'`

/** What no build may get wrong, whatever else it lacks. */
export const moneyFlawsSql = `
  select 'orders not paid: ' || count(*) as flaw
  from order_service.orders where status <> 'paid' having count(*) > 0
  union all
  select 'orders without a payment that took exactly their total: ' || count(*)
  from order_service.orders left join payment_service.payments as payment using (id)
  where payment.status is distinct from 'captured' or payment.captured_minor <> orders.total_minor having count(*) > 0
  union all
  select 'payments without an order: ' || count(*)
  from payment_service.payments left join order_service.orders using (id) where orders.id is null having count(*) > 0
  union all
  select 'calls left over: ' || count(*)
  from (select id from payment_service.effect union all select id from notification_service.effect) as effects
  having count(*) > 0`

/** Each line a flaw: nothing may be lost, doubled or left hanging. */
export const flawsSql = `${moneyFlawsSql}
  union all
  select 'orders whose customer was not told exactly once: ' || count(*)
  from order_service.orders
  left join (select id, count(*) as mails from notification_service.notifications_history
             where type = 'MailSent' group by id) as told using (id)
  where told.mails is distinct from 1 having count(*) > 0
  union all
  select type || ' said more than once of an order: ' || count(*)
  from (select aggregateid, type, count(*) as times from payment_service.outbox group by aggregateid, type) as said
  where times > 1 group by type`
