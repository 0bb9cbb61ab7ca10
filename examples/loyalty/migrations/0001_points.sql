-- Points of each order, and their history. Why: the row is what the service decides by, so it is read and written whole
-- as JSON. Locks nothing that exists.

create table points (
  -- The order's id.
  id uuid not null constraint points_pkey primary key,
  -- The version of the last event said, and the position in the order's stream: one integer dedupes for ever.
  version int not null,
  source_version int not null,
  source_event_id uuid,
  due_at timestamptz,
  state jsonb not null,

  given bigint not null generated always as ((state ->> 'points')::bigint) stored,
  constraint points_are_not_negative check (given >= 0)
);

comment on table points is 'One row per order: the points that its customer got for it, as JSON.';

create table points_history (
  position bigint not null generated always as identity,
  id uuid not null,
  version int not null,
  at timestamptz not null default clock_timestamp(),
  type text not null,
  cause text not null,
  change json not null,
  constraint points_history_pkey primary key (id, position)
);

comment on table points_history is 'Every input that changed the points of an order. Insert-only.';
