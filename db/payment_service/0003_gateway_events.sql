-- Events that the gateway has sent. Why: a webhook is verified, kept and answered at once, and handled afterwards, apart
-- from the request; the gateway's own id makes a repeat harmless. Of its body only what is needed to look up is kept:
-- the rest is the gateway's to tell, and holds personal data. Also lets operators' decisions about payments be noted in
-- `operation`. Locks `operation` exclusively while it reads its few rows; nothing else that exists.

create table gateway_event (
  -- The gateway's.
  id text not null constraint gateway_event_pkey primary key,
  type text not null,
  -- What it is about, in the gateway's words: an intent, a charge, a refund.
  object_id text,
  -- The payment intent to be looked up. Null: nothing can be learned from it.
  payment_id text,
  -- The object is a refund or a charge: refunds are to be looked up as well.
  is_about_refunds boolean not null,
  created_at timestamptz not null,
  received_at timestamptz not null default clock_timestamp(),
  -- Also the fence: an outcome counts only under the number it was taken with.
  attempts int not null default 0,
  -- Null: handled. While somebody handles it: when his time is over.
  next_attempt_at timestamptz,
  handled_at timestamptz,
  outcome text,
  last_error text,
  constraint gateway_event_outcome_is_known check (
    outcome in ('applied', 'known', 'alarm', 'undecided', 'unknown_order', 'dispute', 'other', 'failed')),
  constraint gateway_event_handled_with_outcome check ((handled_at is null) = (outcome is null)),
  constraint gateway_event_handled_or_due check ((handled_at is null) <> (next_attempt_at is null))
);

comment on table gateway_event is 'Every event of the gateway, once. A hint: what is true is looked up at the gateway.';

create index gateway_event_next_attempt_at_idx on gateway_event (next_attempt_at) where next_attempt_at is not null;
-- The few that somebody has to look at.
create index gateway_event_outcome_idx on gateway_event (outcome, handled_at)
  where outcome in ('alarm', 'unknown_order', 'dispute', 'failed');

alter table operation drop constraint operation_kind_is_known;
alter table operation add constraint operation_kind_is_known check (kind in ('redrive', 'discard', 'resolve'));

comment on table operation is 'Insert-only: what operators redrove, discarded or resolved, who, when and why.';
