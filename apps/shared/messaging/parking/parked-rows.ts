import { sql } from 'kysely'
import type { KafkaMessage } from '../message/kafka-message.ts'
import type { TransactionSource } from '../types/transaction.ts'
import type { OpenTransaction } from '../types/vocabulary.ts'
import { type ParkingCause, printable } from './parking.ts'

/** A claim ends after this long, for whoever has died over it. */
const claimSeconds = 30
const claimMaxKeys = 20
const askAgainMinMs = 50

export interface ParkedMessage {
  readonly key: string
  readonly cause: ParkingCause
  /** How often it has failed. */
  readonly attempts: number
  readonly version: number
  readonly messageId: string
  readonly message: KafkaMessage
}

/** Keys whose time has come, ours to try for a while; without any, in how many milliseconds the next one is due. */
export async function claimParkedKeys(
  db: TransactionSource,
): Promise<{ readonly keys: readonly string[]; readonly nextDueMs: number }> {
  const { rows } = await sql<{ key: string | null; next_due_ms: number | null }>`
    with due as materialized (
      select key from parked_key where next_attempt_at <= clock_timestamp()
      order by next_attempt_at limit ${claimMaxKeys} for update skip locked
    ), claimed as (
      update parked_key set next_attempt_at = clock_timestamp() + ${claimSeconds} * interval '1 second'
      from due where parked_key.key = due.key returning parked_key.key
    )
    select key, null::float8 as next_due_ms from claimed
    union all
    select null, extract(epoch from min(next_attempt_at) - clock_timestamp())::float8 * 1000 from parked_key`.execute(
    db,
  )
  const keys = rows.flatMap(({ key }) => (key === null ? [] : [key]))
  const next = rows.find(({ key }) => key === null)?.next_due_ms
  // One that is due and that somebody else holds is no reason to ask all the time.
  return { keys, nextDueMs: Math.max(askAgainMinMs, Math.ceil(next ?? Number.MAX_SAFE_INTEGER)) }
}

interface MessageRow {
  readonly version: number
  readonly message_id: string
  readonly partition: number
  readonly offset: string
  readonly headers: string
  readonly body: Buffer | null
}

/**
 * The message of a key that comes next. Locks the key first, in a statement of its own: what is parked behind it from now
 * on waits for us, and the statements after this one see what came before.
 */
export async function lockFirst(trx: OpenTransaction, key: string): Promise<ParkedMessage | undefined> {
  const locked = await sql<{ cause: ParkingCause; attempts: number }>`
    select cause, attempts from parked_key where key = ${key} for update`.execute(trx)
  const { rows } = await sql<MessageRow>`
    select version, message_id, partition, "offset"::text, headers, body from parked_message
    where key = ${key} order by version limit 1`.execute(trx)
  const [row] = rows
  const [parked] = locked.rows
  if (row === undefined || parked === undefined) return undefined
  const { version, message_id: messageId, partition, offset, headers, body } = row
  const message = {
    partition,
    offset,
    key,
    value: body?.toString(),
    body: body ?? undefined,
    headers: JSON.parse(headers),
  }
  return { key, ...parked, version, messageId, message }
}

/** 0 when nothing is parked. */
export async function firstVersion(db: TransactionSource, key: string): Promise<number> {
  const { rows } = await sql<{ version: number | null }>`
    select min(version) as version from parked_message where key = ${key}`.execute(db)
  return rows[0]?.version ?? 0
}

export async function removeMessages(trx: OpenTransaction, key: string, upToVersion: number): Promise<void> {
  await sql`delete from parked_message where key = ${key} and version <= ${upToVersion}`.execute(trx)
}

/**
 * Its first message is another one now, which nobody has tried, or there is none: then the key goes on.
 * @returns why it was parked, if it is gone
 */
export async function goOn(
  trx: OpenTransaction,
  key: string,
): Promise<{ readonly cause: ParkingCause; readonly by: string | null } | undefined> {
  const { rows } = await sql<{ cause: ParkingCause; by: string | null }>`
    delete from parked_key where key = ${key} and not exists (select from parked_message where key = ${key})
    returning cause, redriven_by as by`.execute(trx)
  if (rows.length === 0) {
    await sql`update parked_key set attempts = 0, failing_since = null where key = ${key}`.execute(trx)
  }
  return rows[0]
}

/** Lets a claim go: the key is tried again after so long. */
export async function release(db: TransactionSource, key: string, delayMs: number): Promise<void> {
  await sql`
    update parked_key set next_attempt_at = clock_timestamp() + ${delayMs}::float8 * interval '1 millisecond'
    where key = ${key} and next_attempt_at is not null`.execute(db)
}

export interface Attempted {
  readonly key: string
  /** Of the message that has failed. By now another one may be the first: it is not that one's failure. */
  readonly version: number
  readonly because: ParkingCause
  readonly error: string
  readonly next: (parked: { readonly attempts: number; readonly ageMs: number }) => {
    readonly cause: ParkingCause
    /** Undefined: never. */
    readonly delayMs: number | undefined
  }
}

/** Counts an attempt that failed. @returns the cause, when it was the last */
export async function countAttempt(
  trx: OpenTransaction,
  { key, version, because, error, next }: Attempted,
): Promise<ParkingCause | undefined> {
  const { rows } = await sql<{ attempts: number; age_ms: number }>`
    select case when is_same then attempts + 1 else 1 end as attempts,
           case when is_same then extract(epoch from clock_timestamp() - failing_since)::float8 * 1000 else 0 end as age_ms
    from (select *, cause = ${because} and failing_since is not null as is_same from parked_key where key = ${key} for update)
      as parked
    where ${version} = (select min(version) from parked_message where key = ${key})`.execute(trx)
  const [row] = rows
  if (row === undefined) return undefined
  const { cause, delayMs } = next({ attempts: row.attempts, ageMs: row.age_ms })
  await sql`
    update parked_key
    set attempts = ${row.attempts}, cause = ${cause}, error = ${printable(error)},
        failing_since = clock_timestamp() - ${row.age_ms}::float8 * interval '1 millisecond',
        next_attempt_at = clock_timestamp() + ${delayMs ?? null}::float8 * interval '1 millisecond'
    where key = ${key}`.execute(trx)
  return delayMs === undefined ? cause : undefined
}
