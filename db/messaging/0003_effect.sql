-- Calls to the outside that must happen. Why: a call is written in the transaction that decides on it, so a crash can
-- neither lose nor invent it. Locks nothing that exists.

create table effect (
  id uuid not null default uuidv7() constraint effect_pkey primary key,
  -- At most one call is outstanding per lane; what comes next is the aggregate's knowledge.
  lane text not null constraint effect_lane_holds_one unique,
  -- The aggregate that hears the outcome.
  key text not null,
  kind text not null,
  idempotency_key text not null,
  payload text not null,
  traceparent text not null,
  created_at timestamptz not null default now(),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  -- Null until a runner took it: only then is it certain that nothing has left.
  first_sent_at timestamptz,
  -- An outcome counts only under the token it was leased with.
  lease_token int not null default 0,
  leased_until timestamptz,
  -- Since when nobody knows whether the call had its effect.
  unknown_since timestamptz,
  -- The call is answered, but deciding on the answer failed: only the decision is tried again.
  outcome text,
  last_error text
);

comment on table effect is 'Outstanding calls to gateway, mail and webhooks. A row lives until its outcome is decided.';

create index effect_next_attempt_at_idx on effect (next_attempt_at);
-- For withdrawals, while the aggregate is locked. In an outage of the other side this table grows.
create index effect_key_idx on effect (key) where first_sent_at is null;

alter table effect alter column payload set statistics 0, alter column idempotency_key set statistics 0,
  alter column traceparent set statistics 0, alter column outcome set statistics 0;

-- A small table of short-lived rows: without this its dead rows outnumber the living a thousandfold between vacuums.
alter table effect set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

do $$
begin
  execute format('grant delete on effect to %I', current_schema());
end
$$;
