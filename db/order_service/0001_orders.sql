-- Orders, their history and the answers kept for repeated requests. Why: the row is what the service decides by, so it
-- is read and written whole as JSON; what is queried or constrained is derived from it here and cannot disagree with
-- it. Locks nothing that exists.

create table orders (
  id uuid not null constraint orders_pkey primary key,
  -- The version of the last event said, and the position in payment's stream: one integer dedupes for ever.
  version int not null constraint orders_version_counts check (version >= 0),
  source_version int not null constraint orders_source_version_counts check (source_version >= 0),
  source_event_id uuid,
  due_at timestamptz,
  state jsonb not null,

  -- Stored, not virtual: a virtual column is expanded in every check of every statement, at five times the price.
  merchant_id uuid not null generated always as ((state ->> 'merchantId')::uuid) stored,
  status text not null generated always as (state ->> 'status') stored,
  settled boolean not null generated always as ((state ->> 'settled')::boolean) stored,
  total_minor bigint not null generated always as ((state ->> 'totalMinor')::bigint) stored,
  captured_minor bigint not null generated always as ((state ->> 'capturedMinor')::bigint) stored,
  refunded_minor bigint not null generated always as ((state ->> 'refundedMinor')::bigint) stored,

  constraint orders_status_is_known check (status in ('pending', 'confirmed', 'paid', 'refunded', 'cancelled')),
  constraint orders_total_is_positive check (total_minor > 0),
  constraint orders_refunded_within_captured check (refunded_minor between 0 and captured_minor),
  -- Paid means exactly the total, refunded means all of it. A cancelled order may hold what was taken by mistake.
  constraint orders_captured_fits_status check (
    captured_minor = case when status in ('pending', 'confirmed') then 0
                          when status in ('paid', 'refunded') then total_minor
                          else captured_minor end),
  constraint orders_refunded_keeps_nothing check (status <> 'refunded' or refunded_minor = captured_minor),
  constraint orders_settled_fits_status check (
    case when status = 'cancelled' then not settled or refunded_minor = captured_minor
         else settled = (status in ('paid', 'refunded')) end),
  constraint orders_due_while_waiting check ((due_at is not null) = (status in ('pending', 'confirmed')))
);

comment on table orders is 'One row per order: the state the service decides by, as JSON, and columns derived from it.';

create index orders_due_at_idx on orders (due_at) where due_at is not null;

-- The list, newest first: UUIDv7 is the order of creation. One index serves it with and without a status, see store.ts.
create index orders_merchant_id_status_id_idx on orders (merchant_id, status, id);

-- Each order is written some three times within a second: room on the page keeps its versions together.
alter table orders set (fillfactor = 70);

-- Nobody searches by them, and comparing JSON for the planner's statistics was 40 % of the server's work under load.
alter table orders alter column state set statistics 0;

create table orders_history (
  -- Across all orders: what a reader of changes resumes by.
  position bigint not null generated always as identity,
  id uuid not null,
  version int not null,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  cause text not null,
  change json not null,
  constraint orders_history_pkey primary key (id, position)
);

comment on table orders_history is 'Every input that changed an order, and the members of its state that it changed. Insert-only.';

alter table orders_history alter column change set statistics 0, alter column cause set statistics 0;

create table idempotency_keys (
  merchant_id uuid not null,
  key text not null constraint idempotency_keys_key_is_short check (length(key) between 1 and 255),
  -- sha-256 of method, path and body: the same key for something else is a mistake of the caller.
  fingerprint bytea not null constraint idempotency_keys_fingerprint_is_sha256 check (octet_length(fingerprint) = 32),
  created_at timestamptz not null default now(),
  -- Null only inside the transaction that claims the key: it commits with the answer or not at all.
  order_id uuid,
  status int constraint idempotency_keys_status_is_final check (status between 200 and 499),
  headers jsonb,
  body text,
  constraint idempotency_keys_pkey primary key (merchant_id, key)
);

comment on table idempotency_keys is 'One row per accepted request, and its answer word for word, for whoever asks again.';

alter table idempotency_keys
  alter column fingerprint set statistics 0, alter column headers set statistics 0, alter column body set statistics 0;

do $$
begin
  execute format('revoke update on orders_history from %I', current_schema());
end
$$;
