import { type Kysely, sql } from 'kysely'
import { intArray, type OpenTransaction, textArray } from '#messaging'
import type { PaymentDatabase } from '../tables.ts'
import type { GatewayEvent } from './gateway-event.ts'

/**
 * In milliseconds. What tells of a call of ours comes while its answer is on its way, and several events come together:
 * a moment later one look-up is enough for all of them, and mostly there is nothing left to learn.
 */
export const settleMs = 1_000

/** What became of an event. Those of `toBeSeen` want a person. */
export type EventOutcome =
  | 'applied'
  /** Nothing that was not known already. */
  | 'known'
  | 'alarm'
  /** Nothing is decided at the gateway yet: there will be another event. */
  | 'undecided'
  | 'unknown_order'
  | 'dispute'
  | 'other'
  | 'failed'

export const toBeSeen: ReadonlySet<EventOutcome> = new Set(['alarm', 'unknown_order', 'failed'])

export type Kept = 'kept' | 'repeat' | 'again'

/** Once, whatever its number of deliveries. One that had failed and is sent again is handled `again`. */
export async function keepEvent(db: Kysely<PaymentDatabase>, event: GatewayEvent): Promise<Kept> {
  const { id, type, objectId, paymentId, isAboutRefunds, createdAt, is } = event
  const done = is === 'payment' ? null : is
  const { rows } = await sql<{ is_new: boolean }>`
    insert into gateway_event (id, type, object_id, payment_id, is_about_refunds, created_at,
                               next_attempt_at, handled_at, outcome)
    values (${id}, ${type}, ${objectId}, ${paymentId}, ${isAboutRefunds}, ${createdAt},
            case when ${done}::text is null then clock_timestamp() + ${settleMs} * interval '1 millisecond' end,
            case when ${done}::text is not null then clock_timestamp() end, ${done})
    on conflict (id) do update set next_attempt_at = clock_timestamp(), handled_at = null, outcome = null
    where gateway_event.outcome = 'failed'
    returning (xmax = 0) as is_new`.execute(db)
  const [row] = rows
  if (row === undefined) return 'repeat'
  return row.is_new ? 'kept' : 'again'
}

/** An event that is ours to handle until the time it was taken for is over. */
export interface TakenEvent {
  readonly id: string
  readonly paymentId: string
  readonly isAboutRefunds: boolean
  /** Counts this one, and is the fence. */
  readonly attempts: number
}

/** Takes due events, skipping those that another process is taking. */
export async function takeEvents(
  db: Kysely<PaymentDatabase>,
  { limit, forMs }: { readonly limit: number; readonly forMs: number },
): Promise<readonly TakenEvent[]> {
  // Materialized, or the planner may run the limited look-up once per row.
  const { rows } = await sql<TakenEvent>`
    with due as materialized (
      select id from gateway_event where next_attempt_at <= now()
      order by next_attempt_at limit ${limit} for update skip locked)
    update gateway_event as taken
    set attempts = attempts + 1, next_attempt_at = now() + ${forMs} * interval '1 millisecond'
    from due where taken.id = due.id
    returning taken.id, payment_id as "paymentId", is_about_refunds as "isAboutRefunds", attempts`.execute(db)
  return rows
}

/** In the transaction that decides. @returns how many were still ours: somebody was faster with the others */
export async function settleEvents(
  trx: OpenTransaction,
  events: readonly TakenEvent[],
  { outcome, error = null }: { readonly outcome: EventOutcome; readonly error?: string | null },
): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    update gateway_event
    set next_attempt_at = null, handled_at = clock_timestamp(), outcome = ${outcome}, last_error = ${error}
    where id in (${lockedInOrder(events)})
    returning id`.execute(trx)
  return rows.length
}

/** They come again, here or elsewhere. */
export async function postponeEvents(
  db: Kysely<PaymentDatabase>,
  events: readonly TakenEvent[],
  { delayMs, error }: { readonly delayMs: number; readonly error: string | null },
): Promise<void> {
  await sql`
    update gateway_event
    set next_attempt_at = now() + ${delayMs} * interval '1 millisecond', last_error = coalesce(${error}, last_error)
    where id in (${lockedInOrder(events)})`.execute(db)
}

const lockedInOrder = (events: readonly TakenEvent[]) => sql`
  select id from gateway_event
  where handled_at is null and (id, attempts) in (select * from unnest(
    ${textArray(events.map(({ id }) => id))}::text[], ${intArray(events.map(({ attempts }) => attempts))}::int[]))
  order by id for update`
