-- What customers are told, one row per order, and its history. Why: the row is what the service decides by, so it is
-- read and written whole as JSON; what is queried or constrained is derived from it here and cannot disagree with it.
-- Locks nothing that exists.

create table notifications (
  -- The order's id.
  id uuid not null constraint notifications_pkey primary key,
  -- The version of the last event said, and the position in the order's stream: one integer dedupes for ever.
  version int not null constraint notifications_version_counts check (version >= 0),
  source_version int not null constraint notifications_source_version_counts check (source_version >= 0),
  source_event_id uuid,
  due_at timestamptz constraint notifications_are_never_due check (due_at is null),
  state jsonb not null,

  -- Stored, not virtual: a virtual column is expanded in every check of every statement, at five times the price.
  merchant_id uuid not null generated always as ((state ->> 'merchantId')::uuid) stored,
  status text not null generated always as (state ->> 'status') stored,

  constraint notifications_status_is_known check (status in ('addressed', 'erased')),
  -- Who is erased stands here no more.
  constraint notifications_address_fits_status check ((state ? 'to') = (status = 'addressed'))
);

comment on table notifications is 'One row per order: its customer''s address and the mails about it, as JSON.';

-- Each notification is written some four times within a second: room on the page keeps its versions together, and
-- with no index but the key every update stays on its page.
alter table notifications set (fillfactor = 70);

-- Nobody searches by them, and comparing JSON for the planner's statistics was 40 % of the server's work under load.
alter table notifications alter column state set statistics 0;

create table notifications_history (
  -- Across all notifications: what a reader of changes resumes by.
  position bigint not null generated always as identity,
  id uuid not null,
  version int not null,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  cause text not null,
  change json not null,
  constraint notifications_history_pkey primary key (id, position)
);

comment on table notifications_history is 'Every input that changed a notification, and the members it changed. Insert-only.';

alter table notifications_history alter column change set statistics 0, alter column cause set statistics 0;

do $$
begin
  execute format('revoke update on notifications_history from %I', current_schema());
end
$$;
