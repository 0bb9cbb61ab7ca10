-- Messages that cannot be handled are set aside with everything behind them of the same key. Why: one bad message must not
-- hold up the orders of everybody else in its partition. Locks nothing that exists.

create table parked_key (
  key text not null constraint parked_key_pkey primary key,
  cause text not null constraint parked_key_cause_is_known
    check (cause in ('content', 'gap', 'not-yet', 'undecodable', 'aggregate-missing')),
  -- What failed, of the message that was tried last; never a payload.
  error text not null,
  -- How often the message that is first now has failed. 0: it has not been tried since it is first, or was redriven.
  attempts int not null default 1,
  -- Since its first failure of those.
  failing_since timestamptz default now(),
  -- Null: dead, it waits for an operator. Also the lease of whoever tries it now.
  next_attempt_at timestamptz,
  parked_at timestamptz not null default now(),
  -- Who asked for another attempt.
  redriven_by text
);

comment on table parked_key is 'Aggregates whose next message cannot be handled. Commands, outcomes and deadlines go on.';

create index parked_key_next_attempt_at_idx on parked_key (next_attempt_at) where next_attempt_at is not null;
create index parked_key_dead_idx on parked_key (parked_at) where next_attempt_at is null;

create table parked_message (
  key text not null constraint parked_message_key_fkey references parked_key,
  version int not null,
  message_id uuid not null,
  type text not null,
  topic text not null,
  partition int not null,
  "offset" bigint not null,
  -- As JSON text: jsonb refuses what a header may hold.
  headers text not null,
  -- The value as it came; null for a message without one.
  body bytea,
  parked_at timestamptz not null default now(),
  constraint parked_message_pkey primary key (key, version)
);

comment on table parked_message is 'Messages of parked keys, handled in the order of their versions.';

-- Whose key, version or id cannot be trusted belongs to no aggregate: nothing can be handled, and nothing waits for it.
create table unplaceable_message (
  topic text not null,
  partition int not null,
  "offset" bigint not null,
  headers text not null,
  key bytea,
  body bytea,
  error text not null,
  received_at timestamptz not null default now(),
  constraint unplaceable_message_pkey primary key (topic, partition, "offset")
);

comment on table unplaceable_message is 'Messages that are none of ours, or lost their headers. Kept to be looked at.';

-- What operators did, and why.
create table operation (
  id uuid not null default uuidv7() constraint operation_pkey primary key,
  at timestamptz not null default clock_timestamp(),
  kind text not null constraint operation_kind_is_known check (kind in ('redrive', 'discard')),
  by text not null,
  reason text not null,
  filter text not null,
  keys text[] not null
);

comment on table operation is 'Insert-only: who redrove or discarded what, when and why.';

do $$
declare
  service name := current_schema();
begin
  execute format('grant delete on parked_key, parked_message to %I', service);
  execute format('revoke update on operation, unplaceable_message from %I', service);
end
$$;
