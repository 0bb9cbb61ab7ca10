-- Once per service schema, run with search_path set to it: the role of the same name and what it may do.
-- Why: each service owns one schema, and PostgreSQL is the wall between them. Locks nothing that exists.

do $$
declare
  service name := current_schema();
begin
  if not exists (select from pg_roles where rolname = service) then
    execute format('create role %I login', service);
  end if;
  execute format('grant usage on schema %I to %I, relay', service, service);
  -- No DELETE: what a service forgets, it forgets by a statement of its own migration.
  execute format('alter default privileges in schema %I grant select, insert, update on tables to %I', service, service);
  execute format('alter role %I set search_path = %I', service, service);
  -- A service that hangs holds locks that its replicas wait for: every wait has an end.
  execute format('alter role %I set lock_timeout = ''5s''', service);
  execute format('alter role %I set statement_timeout = ''15s''', service);
  execute format('alter role %I set transaction_timeout = ''30s''', service);
  execute format('alter role %I set idle_in_transaction_session_timeout = ''10s''', service);
end
$$;
