import { type QueryExecutorProvider, sql } from 'kysely'

/** What is still to be done, by the database's clock. */
export interface Backlog {
  /** Effects whose time has come and that nobody has leased, at most `countMax`. */
  readonly effectsDue: number
  /** Since the oldest effect was written that is still to be done, whether due or postponed; 0 when there is none. */
  readonly oldestEffectSeconds: number
  /** Aggregates whose deadline has passed, at most `countMax`. */
  readonly deadlinesDue: number
  /** Keys that are tried again, and keys that wait for an operator; at most `countMax` of each. */
  readonly keysWaiting: number
  readonly keysDead: number
}

/** Counting costs time for each row, and during an outage there is no end of them: beyond this, more is just more. */
const countMax = 10_000

interface Row {
  readonly effects_due: number
  readonly oldest_effect_seconds: number
  readonly deadlines_due: number
  readonly keys_waiting: number
  readonly keys_dead: number
}

/**
 * One round trip, for whoever scrapes: each part reads an index from its end and stops at `countMax` rows. Locks
 * nothing.
 * @param options `aggregates`: the table of the participant's aggregates; left out when none of them has deadlines
 */
export async function readBacklog(
  db: QueryExecutorProvider,
  { aggregates }: { readonly aggregates?: string } = {},
): Promise<Backlog> {
  const deadlines =
    aggregates === undefined
      ? sql`0`
      : sql`(select count(*) from (select from ${sql.table(aggregates)} where due_at <= now() limit ${countMax}) as due)`
  const { rows } = await sql<Row>`
    select
      (select count(*) from (
         select from effect
         where next_attempt_at <= now() and (leased_until is null or leased_until <= now())
         limit ${countMax}) as due)::int as effects_due,
      -- The id is a UUIDv7: its order is that of writing.
      coalesce((select extract(epoch from clock_timestamp() - created_at) from effect order by id limit 1),
               0)::float8 as oldest_effect_seconds,
      ${deadlines}::int as deadlines_due,
      (select count(*) from (select from parked_key where next_attempt_at is not null limit ${countMax}) as parked)::int
        as keys_waiting,
      (select count(*) from (select from parked_key where next_attempt_at is null limit ${countMax}) as parked)::int
        as keys_dead`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('The database did not count')
  return {
    effectsDue: row.effects_due,
    oldestEffectSeconds: row.oldest_effect_seconds,
    deadlinesDue: row.deadlines_due,
    keysWaiting: row.keys_waiting,
    keysDead: row.keys_dead,
  }
}
