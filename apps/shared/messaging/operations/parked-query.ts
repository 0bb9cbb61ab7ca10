import { type RawBuilder, sql } from 'kysely'
import type { ParkingCause } from '../parking/parking.ts'
import type { TransactionSource } from '../types/transaction.ts'

/** Which parked keys; those that all of it is true of. */
export interface ParkedFilter {
  readonly state?: 'waiting' | 'dead' | undefined
  readonly cause?: ParkingCause | undefined
  readonly key?: string | undefined
  /** The type of its first message. */
  readonly type?: string | undefined
  /** A part of what failed. */
  readonly error?: string | undefined
  /** When its key was parked: from then on, and before then. */
  readonly since?: Date | undefined
  readonly until?: Date | undefined
}

export interface ParkedKey {
  readonly key: string
  readonly state: 'waiting' | 'dead'
  readonly cause: ParkingCause
  readonly error: string
  readonly attempts: number
  readonly parkedAt: Date
  /** Null for a dead one. */
  readonly nextAttemptAt: Date | null
  /** How many messages wait. */
  readonly messages: number
  /** What is handled next, unless an earlier version is missing. */
  readonly first: {
    readonly version: number
    readonly type: string
    readonly messageId: string
    readonly place: string
  }
}

export interface ParkedGroup extends Pick<ParkedKey, 'state' | 'cause' | 'error'> {
  /** Of its first message. */
  readonly type: string
  readonly keys: number
  readonly firstParkedAt: Date
  readonly lastParkedAt: Date
}

export interface Parked {
  readonly groups: readonly ParkedGroup[]
  readonly keys: readonly ParkedKey[]
  /** Messages that belong to no aggregate: `unplaceable_message`. */
  readonly unplaceable: number
}

/** The oldest keys, and how many there are of a kind. */
export async function listParked(db: TransactionSource, filter: ParkedFilter, limit: number): Promise<Parked> {
  const keys = await sql<KeyRow>`
    select * from (${keysThat(filter)}) as parked order by parked_at, key limit ${limit}`.execute(db)
  const groups = await sql<GroupRow>`
    select state, cause, type, error, count(*)::int as keys, min(parked_at) as first_parked_at,
           max(parked_at) as last_parked_at
    from (${keysThat(filter)}) as parked group by state, cause, type, error order by min(parked_at)`.execute(db)
  const counted = await sql<{ count: number }>`select count(*)::int as count from unplaceable_message`.execute(db)
  return {
    keys: keys.rows.map(keyOf),
    groups: groups.rows.map(({ first_parked_at, last_parked_at, ...group }) => ({
      ...group,
      firstParkedAt: first_parked_at,
      lastParkedAt: last_parked_at,
    })),
    unplaceable: counted.rows[0]?.count ?? 0,
  }
}

/** A key and the message of it that was first when somebody looked. */
export interface Chosen {
  readonly key: string
  readonly messageId: string
}

export interface Choice {
  readonly filter: ParkedFilter
  readonly limit: number
  /** Only those whose first message has failed since it is first, and not for a row that may still become visible. */
  readonly failed: boolean
}

/** The oldest first. */
export async function chooseParked(
  db: TransactionSource,
  { filter, limit, failed }: Choice,
): Promise<readonly Chosen[]> {
  const { rows } = await sql<Chosen>`
    select key, message_id as "messageId" from (${keysThat(filter)}) as parked
    where not ${failed} or (attempts > 0 and cause <> 'not-yet')
    order by parked_at, key limit ${limit}`.execute(db)
  return rows
}

interface KeyRow {
  readonly key: string
  readonly state: 'waiting' | 'dead'
  readonly cause: ParkingCause
  readonly error: string
  readonly attempts: number
  readonly parked_at: Date
  readonly next_attempt_at: Date | null
  readonly messages: number
  readonly version: number
  readonly type: string
  readonly message_id: string
  readonly place: string
}

interface GroupRow extends Omit<ParkedGroup, 'firstParkedAt' | 'lastParkedAt'> {
  readonly first_parked_at: Date
  readonly last_parked_at: Date
}

function keyOf({ parked_at, next_attempt_at, version, type, message_id, place, ...row }: KeyRow): ParkedKey {
  const first = { version, type, messageId: message_id, place }
  return { ...row, parkedAt: parked_at, nextAttemptAt: next_attempt_at, first }
}

/** Parked keys with their first message. */
function keysThat({ state, cause, key, type, error, since, until }: ParkedFilter): RawBuilder<KeyRow> {
  const conditions = [
    sql`true`,
    ...(state === undefined
      ? []
      : [state === 'dead' ? sql`next_attempt_at is null` : sql`next_attempt_at is not null`]),
    ...(cause === undefined ? [] : [sql`cause = ${cause}`]),
    ...(key === undefined ? [] : [sql`parked_key.key = ${key}`]),
    ...(type === undefined ? [] : [sql`first.type = ${type}`]),
    ...(error === undefined ? [] : [sql`position(lower(${error}) in lower(error)) > 0`]),
    ...(since === undefined ? [] : [sql`parked_key.parked_at >= ${since.toISOString()}::timestamptz`]),
    ...(until === undefined ? [] : [sql`parked_key.parked_at < ${until.toISOString()}::timestamptz`]),
  ]
  return sql<KeyRow>`
    select parked_key.key, case when next_attempt_at is null then 'dead' else 'waiting' end as state, cause, error,
           attempts, parked_key.parked_at, next_attempt_at, first.*,
           (select count(*) from parked_message where key = parked_key.key)::int as messages
    from parked_key
    cross join lateral (
      select version, type, message_id, topic || '/' || partition || '@' || "offset" as place
      from parked_message where key = parked_key.key order by version limit 1
    ) as first
    where ${sql.join(conditions, sql` and `)}`
}
