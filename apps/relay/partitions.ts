import { type Kysely, sql } from 'kysely'

/** Two weeks ahead: a relay that nobody misses over a long holiday stops no order. */
export const partitionDaysAhead = 14
/** With fewer the relay is not ready: rows without a partition are refused, and so are orders. */
export const partitionDaysMin = 2

/** Makes the outbox partitions that are missing, in every schema of the database that has an outbox. */
export async function coverDays(db: Kysely<unknown>): Promise<void> {
  for (const schema of await outboxSchemas(db)) {
    await sql`select ${sql.id(schema)}.outbox_cover_days(${partitionDaysAhead})`.execute(db)
  }
}

/** @returns for how many days after today the outbox that is worst off has a partition */
export async function daysCovered(db: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{ days: number }>`
    select coalesce(min(days), 0)::int as days from (
      select (select count(*) from pg_inherits join pg_class as partition on partition.oid = inhrelid
              where inhparent = outbox.oid
                and partition.relname > 'outbox_' || to_char(now() at time zone 'utc', 'YYYYMMDD')) as days
      from pg_class as outbox
      where outbox.relname = 'outbox' and outbox.relkind = 'p') as outboxes`.execute(db)
  return rows[0]?.days ?? 0
}

async function outboxSchemas(db: Kysely<unknown>): Promise<readonly string[]> {
  const { rows } = await sql<{ schema: string }>`
    select schemaname as schema from pg_publication_tables
    where pubname = 'paysaga_outbox' and tablename = 'outbox' order by 1`.execute(db)
  return rows.map(({ schema }) => schema)
}
