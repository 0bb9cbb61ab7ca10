-- The transactional outbox. Why: a row here commits or vanishes together with the state that caused it; Debezium reads
-- it from the write-ahead log. Locks nothing that exists.

create table outbox (
  id uuid not null default uuidv7(),
  aggregatetype text not null,
  -- The Kafka key: a null key would lose the order of one saga's events.
  aggregateid text not null,
  type text not null,
  -- Shipped as it is. A message above 1 MB would stop the connector for everybody.
  payload text not null constraint outbox_payload_fits_a_message check (octet_length(payload) <= 900000),
  aggregate_version int not null constraint outbox_version_counts check (aggregate_version >= 0),
  occurred_at timestamptz not null default clock_timestamp(),
  correlation_id text not null,
  causation_id text not null,
  traceparent text not null,
  source text not null,
  -- Of CloudEvents. A column, for a header that Connect has to make costs it a tenth of its time.
  specversion text not null default '1.0',
  -- What the audit compares with a snapshot: which rows must have been shipped by now.
  xid xid8 not null default pg_current_xact_id(),
  constraint outbox_pkey primary key (id)
) partition by range (id);

comment on table outbox is 'Events of this service on their way to Kafka. Insert-only; one partition per day of the id.';

-- The smallest UUIDv7 of a moment (RFC 9562, 5.7: 48 bits of milliseconds first): id order is time order.
create function outbox_id_at(moment timestamptz) returns uuid
language sql immutable strict parallel safe
return (lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- Makes the daily partitions that are missing from yesterday to `days` ahead, and says how many days are covered.
-- SECURITY DEFINER: the relay may rotate, and nothing else. Each table is made alone and then attached, because
-- `create table … partition of` would lock out every writer of the outbox while it waits.
create function outbox_cover_days(days int) returns int
language plpgsql security definer
as $$
declare
  today date := (clock_timestamp() at time zone 'utc')::date;
  first_day timestamptz;
  partition name;
begin
  for day in -1 .. days loop
    first_day := (today + day)::timestamp at time zone 'utc';
    partition := 'outbox_' || to_char(first_day at time zone 'utc', 'YYYYMMDD');
    continue when to_regclass(partition) is not null;
    execute format('create table %I (like outbox including defaults including constraints)', partition);
    -- Privileges are those of the root; the schema's defaults would let the service rewrite a partition directly.
    execute format('revoke all on %I from %I', partition, current_schema());
    execute format(
      'alter table %I add constraint %I check (id >= %L and id < %L)',
      partition, partition || '_range', outbox_id_at(first_day), outbox_id_at(first_day + interval '1 day'));
    -- Nobody plans a query by them, and to compare payloads for the planner's statistics costs more than to write them.
    execute format(
      'alter table %I alter payload set statistics 0, alter aggregateid set statistics 0,
       alter correlation_id set statistics 0, alter causation_id set statistics 0, alter traceparent set statistics 0',
      partition);
    execute format(
      'alter table outbox attach partition %I for values from (%L) to (%L)',
      partition, outbox_id_at(first_day), outbox_id_at(first_day + interval '1 day'));
  end loop;
  return days;
end
$$;

do $$
declare
  service name := current_schema();
begin
  execute format('alter function outbox_cover_days(int) set search_path = %I, pg_temp', service);
  execute 'revoke execute on function outbox_cover_days(int) from public';
  execute 'grant execute on function outbox_cover_days(int) to relay';
  -- A service may say something and read what it said. It can neither change nor unsay it.
  execute format('revoke update on outbox from %I', service);
end
$$;

-- Re-emission is a delete and an insert of the same row, and the relay alone does it.
grant select, insert, delete on outbox to relay;
select outbox_cover_days(14);
alter publication paysaga_outbox add table outbox;
