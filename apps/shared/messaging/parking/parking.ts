import { sql } from 'kysely'
import type { Blockage } from '../decide/fold.ts'
import { byteaArray, intArray, textArray, uuidArray } from '../lib/arrays.ts'
import type { KafkaMessage } from '../message/kafka-message.ts'
import { announce } from '../outbox/announcements.ts'
import type { OpenTransaction } from '../types/vocabulary.ts'

/** Why a key does not go on. `aggregate-missing`: the row was not visible for so long that it is lost. */
export type ParkingCause = Blockage | 'aggregate-missing'

/** A message that waits for its key to go on. */
export interface ToPark {
  readonly key: string
  readonly version: number
  readonly messageId: string
  readonly type: string
  readonly message: KafkaMessage
  readonly because: Blockage
  /** What failed, and never a payload. */
  readonly error: string
}

/** A message that belongs to no aggregate. */
export interface ToKeep {
  readonly message: KafkaMessage
  readonly error: string
}

interface Owner {
  /** The participant's name. */
  readonly name: string
  readonly topic: string
}

/** To the first new attempt. A row that is missing is a commit that is not visible yet. */
const firstAttemptMs: Readonly<Record<Blockage, number>> = {
  content: 1_000,
  undecodable: 1_000,
  gap: 1_000,
  'not-yet': 50,
}

/**
 * Sets messages aside in your transaction, when their aggregates are locked: accepted, and no longer Kafka's. One whose
 * key is parked already goes behind it. Nobody has to look whether a key is parked: the version gate finds a gap in
 * whatever comes for it until it has gone on. Announces the keys that were not parked before.
 * @returns those whose version is parked already under another id: they are not kept, and somebody must look
 */
export async function park(
  trx: OpenTransaction,
  owner: Owner,
  messages: readonly ToPark[],
): Promise<readonly ToPark[]> {
  if (messages.length === 0) return []
  const firsts = [...Map.groupBy(messages, ({ key }) => key).values()].flatMap((ofKey) => ofKey.slice(0, 1))
  // The first one, as it would be had they come one after the other.
  const once = [...new Map(messages.toReversed().map((one) => [`${one.key} ${one.version}`, one])).values()]
  const keys = firsts.toSorted((one, other) => (one.key < other.key ? -1 : 1))
  // Locks the key. One that somebody removes at this moment is made again.
  const { rows } = await sql<{ key: string; is_new: boolean }>`
    insert into parked_key (key, cause, error, next_attempt_at)
    select key, cause, error, clock_timestamp() + delay_ms * interval '1 millisecond' from unnest(
      ${textArray(keys.map(({ key }) => key))}::text[], ${textArray(keys.map(({ because }) => because))}::text[],
      ${textArray(keys.map(({ error }) => printable(error)))}::text[],
      ${intArray(keys.map(({ because }) => firstAttemptMs[because]))}::int[]
    ) as parked (key, cause, error, delay_ms)
    on conflict (key) do update set error = parked_key.error
    returning key, xmax = 0 as is_new`.execute(trx)
  const placed = await sql<{ message_id: string }>`
    insert into parked_message (key, version, message_id, type, topic, partition, "offset", headers, body)
    select key, version, message_id, type, ${owner.topic}, partition, "offset"::bigint, headers, body from unnest(
      ${textArray(once.map(({ key }) => key))}::text[], ${intArray(once.map(({ version }) => version))}::int[],
      ${uuidArray(once.map(({ messageId }) => messageId))}::uuid[],
      ${textArray(once.map(({ type }) => printable(type)))}::text[],
      ${intArray(once.map(({ message }) => message.partition))}::int[],
      ${textArray(once.map(({ message }) => message.offset))}::text[],
      ${textArray(once.map(({ message }) => JSON.stringify(message.headers)))}::text[],
      ${byteaArray(once.map(({ message }) => bodyOf(message)))}::bytea[]
    ) as parked (key, version, message_id, type, partition, "offset", headers, body)
    on conflict (key, version) do update set type = excluded.type
      where parked_message.message_id = excluded.message_id
    returning message_id`.execute(trx)
  const isNew = new Set(rows.flatMap((row) => (row.is_new ? [row.key] : [])))
  const announced = keys.filter(({ key }) => isNew.has(key))
  await announce(
    trx,
    owner.name,
    announced.map(({ key, because }) => ({ type: 'MessageParked', subject: key, cause: because, who: owner.name })),
  )
  const kept = new Set(placed.rows.map((row) => row.message_id))
  return messages.filter(({ messageId }) => !kept.has(messageId))
}

/** Keeps, in your transaction, messages that can neither be handled nor hold up anybody. */
export async function keepUnplaceable(
  trx: OpenTransaction,
  { topic }: Owner,
  messages: readonly ToKeep[],
): Promise<void> {
  if (messages.length === 0) return
  await sql`
    insert into unplaceable_message (topic, partition, "offset", headers, key, body, error)
    select ${topic}, partition, "offset"::bigint, headers, key, body, error from unnest(
      ${intArray(messages.map(({ message }) => message.partition))}::int[],
      ${textArray(messages.map(({ message }) => message.offset))}::text[],
      ${textArray(messages.map(({ message }) => JSON.stringify(message.headers)))}::text[],
      ${byteaArray(messages.map(({ message: { key } }) => (key === undefined ? null : Buffer.from(key))))}::bytea[],
      ${byteaArray(messages.map(({ message }) => bodyOf(message)))}::bytea[],
      ${textArray(messages.map(({ error }) => printable(error)))}::text[]
    ) as kept (partition, "offset", headers, key, body, error)
    on conflict do nothing`.execute(trx)
}

/** The bytes as they came. */
const bodyOf = ({ body, value }: KafkaMessage): Buffer | null =>
  body ?? (value === undefined ? null : Buffer.from(value))

/** PostgreSQL's text holds every character but one. */
export const printable = (text: string): string => text.replaceAll('\0', '')
