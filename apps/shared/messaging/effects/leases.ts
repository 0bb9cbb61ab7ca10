import { type QueryExecutorProvider, sql } from 'kysely'
import { intArray, textArray, uuidArray } from '../lib/arrays.ts'
import { type LeasedEffect, leaseMs } from '../transaction/effect-rows.ts'
import type { OpenTransaction, Participant, Vocabulary } from '../types/vocabulary.ts'

interface EffectRow {
  readonly id: string
  readonly key: string
  readonly payload: string
  readonly idempotency_key: string
  readonly lease_token: number
  readonly attempts: number
  readonly traceparent: string
  readonly age_ms: number
  readonly is_unknown: boolean
  readonly outcome: string | null
  readonly last_error: string | null
}

/** Leases at most so many due effects of each kind as it has places, skipping those that another runner is leasing. */
export async function leaseEffects<V extends Vocabulary>(
  db: QueryExecutorProvider,
  participant: Participant<V>,
  places: ReadonlyMap<string, number>,
): Promise<readonly LeasedEffect<V>[]> {
  const kinds = [...places.keys()]
  const leasesMs = kinds.map((kind) => leaseMs(participant, kind))
  // Materialized, or the planner may run the limited look-up once per row. Kinds that nobody here handles stay aside.
  const { rows } = await sql<EffectRow>`
    with due as materialized (
      select id, lease_ms
      from unnest(${textArray(kinds)}::text[], ${intArray(leasesMs)}::int[], ${intArray([...places.values()])}::int[])
        as handled (kind, lease_ms, places)
      cross join lateral (
        select id from effect
        where effect.kind = handled.kind and next_attempt_at <= now() and (leased_until is null or leased_until <= now())
        order by next_attempt_at limit places for update skip locked) as of_kind)
    update effect as leased
    set lease_token = lease_token + 1, attempts = attempts + 1, first_sent_at = coalesce(first_sent_at, now()),
        leased_until = now() + due.lease_ms * interval '1 millisecond'
    from due where leased.id = due.id
    returning leased.id, key, payload, idempotency_key, lease_token, attempts, traceparent, outcome,
              last_error, unknown_since is not null as is_unknown,
              (extract(epoch from now() - first_sent_at) * 1000)::float8 as age_ms`.execute(db)
  return rows.map((row) => leased(participant, row))
}

function leased<V extends Vocabulary>({ codec }: Participant<V>, row: EffectRow): LeasedEffect<V> {
  return {
    id: row.id,
    key: row.key,
    effect: codec.decode<V['effect']>(row.payload),
    idempotencyKey: row.idempotency_key,
    leaseToken: row.lease_token,
    attempt: row.attempts,
    traceparent: row.traceparent,
    ageMs: row.age_ms,
    isUnknown: row.is_unknown,
    outcome: row.outcome === null ? undefined : codec.decode<V['outcome']>(row.outcome),
    lastError: row.last_error,
  }
}

type Lease = Pick<LeasedEffect<Vocabulary>, 'id' | 'leaseToken'>

/** Deletes the effects that are still leased as said, and names them. The others belong to somebody faster. */
export async function deleteLeased(trx: OpenTransaction, leases: readonly Lease[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    delete from effect where id in (
      select id from effect
      where (id, lease_token) in (select * from unnest(
        ${uuidArray(leases.map(({ id }) => id))}::uuid[],
        ${intArray(leases.map(({ leaseToken }) => leaseToken))}::int[]))
      order by lane for update)
    returning id`.execute(trx)
  return new Set(rows.map(({ id }) => id))
}

export interface Postponement {
  readonly delayMs: number
  readonly error: string
  /** Nobody knows whether the call had its effect. */
  readonly isUnknown: boolean
  /** Provably nothing has left, now or before: it may be withdrawn, and its horizon has not begun. */
  readonly isUnsent: boolean
  /** The outcome whose decision failed, as text. */
  readonly outcome: string | null
}

/** Ends the lease and names the time of the next attempt. @returns false when the effect is no longer ours. */
export async function postpone(trx: QueryExecutorProvider, lease: Lease, next: Postponement): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update effect
    set leased_until = null, next_attempt_at = now() + ${next.delayMs} * interval '1 millisecond',
        last_error = ${next.error}, outcome = ${next.outcome},
        unknown_since = case when ${next.isUnknown} then coalesce(unknown_since, now()) else unknown_since end,
        first_sent_at = case when ${next.isUnsent} then null else first_sent_at end
    where id = ${lease.id} and lease_token = ${lease.leaseToken}
    returning id`.execute(trx)
  return rows.length === 1
}
