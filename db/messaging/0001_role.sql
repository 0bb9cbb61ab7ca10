-- Once per service schema, run with search_path set to it: the role of the same name and what it may do.
-- Why: each service owns one schema, and PostgreSQL is the wall between them. Locks nothing that exists.

do $$
declare
  service name := current_schema();
begin
  begin
    execute format('create role %I login', service);
    execute format('alter role %I set search_path = %I', service, service);
    -- A service that hangs holds locks that its replicas wait for: every wait has an end.
    execute format('alter role %I set lock_timeout = ''5s''', service);
    execute format('alter role %I set statement_timeout = ''15s''', service);
    execute format('alter role %I set transaction_timeout = ''30s''', service);
    execute format('alter role %I set idle_in_transaction_session_timeout = ''10s''', service);
  exception
    -- Roles belong to the server: another database of it may have made it, perhaps this very moment.
    when duplicate_object or unique_violation then null;
  end;
  execute format('grant usage on schema %I to %I, relay', service, service);
  -- No DELETE: what a service forgets, it forgets by a statement of its own migration.
  execute format('alter default privileges in schema %I grant select, insert, update on tables to %I', service, service);
end
$$;
