import { type RawBuilder, sql } from 'kysely'
import { intArray, textArray } from '../lib/arrays.ts'
import type { OpenTransaction } from '../types/vocabulary.ts'

/** One row of the outbox, placed by the connector as key, headers and value of one Kafka message. */
export interface OutboxEvent {
  /** `aggregatetype`: published to the topic `<stream>.events`. */
  readonly stream: string
  /** `aggregateid`: the Kafka key, and with it the order of delivery. */
  readonly key: string
  readonly type: string
  /** The event's number in its stream, 1 for the first. 0 where nobody counts. */
  readonly version: number
  /** Text of at most 900,000 bytes, shipped as it is. */
  readonly payload: string
  readonly correlationId: string
  readonly causationId: string
  /** W3C trace context, or empty. */
  readonly traceparent: string
  /** Who says it: the CloudEvents source. */
  readonly source: string
}

/**
 * Inserts into `outbox` in your transaction, in the order given: shipped if, and only if, it commits. Id and time come
 * from the database. One statement, however many events.
 */
export async function appendToOutbox(trx: OpenTransaction, events: readonly OutboxEvent[]): Promise<void> {
  if (events.length > 0) await appending(events).execute(trx)
}

/** The statement that appends these events. Never called with none. */
export function appending(events: readonly OutboxEvent[]): RawBuilder<unknown> {
  const texts = (name: Exclude<keyof OutboxEvent, 'version'>) => textArray(events.map((event) => event[name]))
  return sql`
    insert into outbox (aggregatetype, aggregateid, type, aggregate_version, payload,
                        correlation_id, causation_id, traceparent, source)
    select * from unnest(
      ${texts('stream')}::text[], ${texts('key')}::text[], ${texts('type')}::text[],
      ${intArray(events.map(({ version }) => version))}::int[], ${texts('payload')}::text[],
      ${texts('correlationId')}::text[], ${texts('causationId')}::text[], ${texts('traceparent')}::text[],
      ${texts('source')}::text[])`
}
