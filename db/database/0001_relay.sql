-- Once per database: the role that ships the outboxes, and the publication that says what is shipped.
-- Why: Debezium must not make its own publication (it would need ownership of every table), and services must not
-- be able to delete what they have said. Locks nothing that exists.

do $$
begin
  create role relay login replication;
  -- A relay that hangs in a transaction would pin rows and write-ahead log.
  alter role relay set idle_in_transaction_session_timeout = '60s';
  alter role relay set lock_timeout = '5s';
exception
  -- Roles belong to the server: with one database per service another one has made it, perhaps this very moment.
  when duplicate_object or unique_violation then null;
end
$$;

-- Inserts only: rows that are deleted by rotation or re-emission are nobody's news. Through the root, because
-- partitions come and go. Each schema adds its outbox.
create publication paysaga_outbox with (publish = 'insert', publish_via_partition_root = true);
