-- Payments and their history. Why: the row is what the service decides by, so it is read and written whole as JSON;
-- what is queried or constrained is derived from it here and cannot disagree with it. Locks nothing that exists.

create table payments (
  -- The order's: one payment per order.
  id uuid not null constraint payments_pkey primary key,
  -- The version of the last event said, and the position in the order's stream: one integer dedupes for ever.
  version int not null constraint payments_version_counts check (version >= 0),
  source_version int not null constraint payments_source_version_counts check (source_version >= 0),
  source_event_id uuid,
  due_at timestamptz,
  state jsonb not null,

  -- Stored, not virtual: a virtual column is expanded in every check of every statement, at five times the price.
  merchant_id uuid not null generated always as ((state ->> 'merchantId')::uuid) stored,
  status text not null generated always as (state ->> 'status') stored,
  condition text not null generated always as (state ->> 'condition') stored,
  currency text not null generated always as (state ->> 'currency') stored,
  amount_minor bigint not null generated always as ((state ->> 'amountMinor')::bigint) stored,
  authorised_minor bigint not null
    generated always as (coalesce((state #>> '{position,authorisedMinor}')::bigint, 0)) stored,
  captured_minor bigint not null
    generated always as (coalesce((state #>> '{position,capturedMinor}')::bigint, 0)) stored,
  refunded_minor bigint not null
    generated always as (coalesce((state #>> '{position,refundedMinor}')::bigint, 0)) stored,

  constraint payments_id_is_the_orders check (id = (state ->> 'orderId')::uuid),
  constraint payments_status_is_known check (
    status in ('authorising', 'authorised', 'capturing', 'captured', 'partially_refunded', 'refunded', 'voiding',
               'voided', 'expired', 'declined')),
  constraint payments_condition_is_known check (condition in ('ok', 'unknown', 'review')),
  constraint payments_amount_is_not_negative check (amount_minor >= 0),
  -- Whatever the code believes, nothing is taken that was not held, and nothing returned that was not taken.
  constraint payments_captured_within_authorised check (captured_minor between 0 and authorised_minor),
  constraint payments_refunded_within_captured check (refunded_minor between 0 and captured_minor),
  constraint payments_due_while_held check (due_at is null or status = 'authorised')
);

comment on table payments is 'One row per payment: the state the service decides by, as JSON, and columns derived from it.';

create index payments_due_at_idx on payments (due_at) where due_at is not null;

-- The few that nobody but the gateway or an operator can bring further.
create index payments_condition_id_idx on payments (condition, id) where condition <> 'ok';

-- Each payment is written some five times within a second: room on the page keeps its versions together.
alter table payments set (fillfactor = 60);

-- Nobody searches by them, and comparing JSON for the planner's statistics was 40 % of the server's work under load.
alter table payments alter column state set statistics 0;

create table payments_history (
  -- Across all payments: what a reader of changes resumes by.
  position bigint not null generated always as identity,
  id uuid not null,
  version int not null,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  cause text not null,
  change json not null,
  constraint payments_history_pkey primary key (id, position)
);

comment on table payments_history is 'Every input that changed a payment, and the members of its state that it changed. Insert-only; nothing personal.';

alter table payments_history alter column change set statistics 0, alter column cause set statistics 0;

do $$
begin
  execute format('revoke update on payments_history from %I', current_schema());
end
$$;
