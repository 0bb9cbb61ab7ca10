-- Reconciliation: our payments beside the gateway's own list of payment intents. Why: a webhook that never came, a row that
-- was restored from a backup, or somebody at the gateway's dashboard leaves the two apart, and nothing else would tell. A
-- run goes on where a crash left it, so its progress rests here; what it cannot repair is kept as a finding until a later
-- run sees it gone. Locks nothing that exists.

create table reconciliation (
  id uuid not null default uuidv7() constraint reconciliation_pkey primary key,
  -- An operator's name, or `schedule`.
  asked_by text not null,
  -- Compared are intents that were made in between, and payments of orders that were.
  created_since timestamptz not null,
  created_until timestamptz not null,
  state text not null default 'running',
  -- First the gateway's intents, then payments of ours that were not among them.
  stage text not null default 'intents',
  -- The last intent, then the last order, of the page before. Null: the stage begins.
  cursor text,
  pages int not null default 0,
  intents_seen int not null default 0,
  matched int not null default 0,
  repaired int not null default 0,
  reported int not null default 0,
  left_open int not null default 0,
  not_ours int not null default 0,
  -- Whoever takes a page counts it up, and writes under that number only.
  fence int not null default 0,
  -- Until then the page is somebody's, or the gateway is left alone after a failure.
  leased_until timestamptz not null default clock_timestamp(),
  -- In a row.
  failures int not null default 0,
  last_error text,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  constraint reconciliation_window_is_not_empty check (created_since < created_until),
  constraint reconciliation_state_is_known check (state in ('running', 'finished', 'failed')),
  constraint reconciliation_stage_is_known check (stage in ('intents', 'payments')),
  constraint reconciliation_finished_at_its_end check ((state = 'running') = (finished_at is null))
);

comment on table reconciliation is 'Comparisons of our payments with the gateway''s list, with their progress. At most one is running.';

create unique index reconciliation_one_running_idx on reconciliation ((true)) where state = 'running';
create index reconciliation_started_at_idx on reconciliation (started_at);

create table reconciliation_pair (
  reconciliation_id uuid not null constraint reconciliation_pair_reconciliation_id_fkey references reconciliation,
  -- The gateway's intent.
  payment_id text not null,
  -- Which stage came by it.
  stage text not null constraint reconciliation_pair_stage_is_known check (stage in ('intents', 'payments')),
  verdict text not null constraint reconciliation_pair_verdict_is_known
    check (verdict in ('matched', 'repaired', 'reported', 'left_open', 'not_ours')),
  constraint reconciliation_pair_pkey primary key (reconciliation_id, payment_id, stage)
);

comment on table reconciliation_pair is 'What a running reconciliation has compared so far. Forgotten when it has ended.';

create table reconciliation_finding (
  id uuid not null default uuidv7() constraint reconciliation_finding_pkey primary key,
  kind text not null constraint reconciliation_finding_kind_is_known
    check (kind in ('missing_here', 'extra_here', 'amount_differs', 'state_differs')),
  payment_id text not null,
  order_id uuid not null,
  -- Both sides as they were seen last, and what was tried.
  evidence jsonb not null,
  first_seen_by uuid not null constraint reconciliation_finding_first_seen_by_fkey references reconciliation,
  first_seen_at timestamptz not null default clock_timestamp(),
  last_seen_by uuid not null constraint reconciliation_finding_last_seen_by_fkey references reconciliation,
  last_seen_at timestamptz not null default clock_timestamp(),
  -- A later run found both sides to agree. Null: it stands.
  settled_at timestamptz
);

comment on table reconciliation_finding is 'Where we and the gateway differ and the machine could not repair it.';

create unique index reconciliation_finding_standing_idx on reconciliation_finding (payment_id, kind)
  where settled_at is null;
create index reconciliation_finding_first_seen_by_idx on reconciliation_finding (first_seen_by);

do $$
begin
  execute format('grant delete on reconciliation_pair to %I', current_schema());
end
$$;
