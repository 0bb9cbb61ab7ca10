-- Why: an operator's comparison must not displace the hourly one, and can be ended before its time; the ledger is compared
-- as well; what is old is forgotten; and posting a transfer looks up the one before it by the index, whenever the session
-- began. Locks `reconciliation` and `reconciliation_finding` exclusively while it reads their few rows, and `gateway_event`
-- against writers while it is indexed.

alter table reconciliation add column cancelled_by text;
alter table reconciliation drop constraint reconciliation_state_is_known;
alter table reconciliation add constraint reconciliation_state_is_known
  check (state in ('running', 'finished', 'failed', 'cancelled'));
alter table reconciliation add constraint reconciliation_cancelled_by_somebody
  check ((state = 'cancelled') = (cancelled_by is not null));

comment on column reconciliation.cancelled_by is 'The operator who ended it before its time.';
comment on table reconciliation is 'Comparisons of our payments with the gateway''s list, with their progress. At most one of the schedule''s and one of the operators'' is running.';

drop index reconciliation_one_running_idx;
create unique index reconciliation_one_running_idx on reconciliation ((asked_by = 'schedule')) where state = 'running';

alter table reconciliation_finding drop constraint reconciliation_finding_kind_is_known;
alter table reconciliation_finding add constraint reconciliation_finding_kind_is_known
  check (kind in ('missing_here', 'extra_here', 'amount_differs', 'state_differs', 'ledger_differs'));

-- Before a run is forgotten it is looked whether a finding names it.
create index reconciliation_finding_last_seen_by_idx on reconciliation_finding (last_seen_by);
-- What may be forgotten, the oldest first.
create index gateway_event_handled_at_idx on gateway_event (handled_at)
  where outcome in ('applied', 'known', 'undecided', 'other');

-- A session keeps the plan that it made when the table was almost empty. It read all of the ledger for every transfer then,
-- until statistics came: at 16,000 transfers more than half a core.
alter function ledger_chain() set enable_seqscan = off;

do $$
begin
  execute format('grant delete on gateway_event, reconciliation, reconciliation_finding to %I', current_schema());
end
$$;
