import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely'
import type { Emitted, Settled, Withdrawal } from '../decide/fold.ts'
import { intArray, textArray, uuidArray } from '../lib/arrays.ts'
import { handlerOf, type OpenTransaction, type Participant, type Vocabulary } from '../types/vocabulary.ts'

/** An effect that is ours to call until its lease is over. */
export interface LeasedEffect<V extends Vocabulary> {
  readonly id: string
  readonly key: string
  readonly effect: V['effect']
  readonly idempotencyKey: string
  /** The fence: an outcome counts only under the token it was leased with. */
  readonly leaseToken: number
  readonly attempt: number
  readonly traceparent: string
  /** Since the first sending, by the database's clock. */
  readonly ageMs: number
  /** `decide` knows already that nobody knows the outcome. */
  readonly isUnknown: boolean
  /** The call is made; only its decision failed. It is never made again because of our own bug. */
  readonly outcome: V['outcome'] | undefined
  /** What became of the attempt before this one. */
  readonly lastError: string | null
}

/** A lease outlasts the call by this: a runner that is alive has told its outcome by then. */
export const leaseSlackMs = 5_000

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

/** An effect on its way into its table. */
export interface NewEffect<V extends Vocabulary> extends Emitted<V> {
  readonly idempotencyKey: string
  /** Its writer calls it as soon as this is committed. Otherwise whoever leases it first. */
  readonly isLeased: boolean
}

/** In the order in which their lanes are locked. `leasing` is asked for each whether it is born leased. */
export function newEffects<V extends Vocabulary>(
  participant: Participant<V>,
  emitted: readonly Emitted<V>[],
  leasing: (kind: string) => boolean,
): readonly NewEffect<V>[] {
  return emitted
    .toSorted((one, other) => (one.lane < other.lane ? -1 : 1))
    .map((one) => ({
      ...one,
      idempotencyKey: handlerOf(participant, one.effect.type).idempotencyKey(one.effect, one.key),
      isLeased: leasing(one.effect.type),
    }))
}

/** The statement that writes these effects and returns `id` and `lane` of each. Never called with none. */
export function insertingEffects<V extends Vocabulary>(
  participant: Participant<V>,
  effects: readonly NewEffect<V>[],
): RawBuilder<{ id: string; lane: string }> {
  const leasesMs = effects.map(({ effect, isLeased }) => (isLeased ? leaseMs(participant, effect.type) : null))
  return sql`
    insert into effect (lane, key, kind, idempotency_key, payload, traceparent,
                        attempts, lease_token, first_sent_at, leased_until)
    select lane, key, kind, idempotency_key, payload, traceparent,
           (lease_ms is not null)::int, (lease_ms is not null)::int, case when lease_ms is not null then now() end,
           clock_timestamp() + lease_ms * interval '1 millisecond'
    from unnest(
      ${textArray(effects.map(({ lane }) => lane))}::text[], ${textArray(effects.map(({ key }) => key))}::text[],
      ${textArray(effects.map(({ effect }) => effect.type))}::text[],
      ${textArray(effects.map(({ idempotencyKey }) => idempotencyKey))}::text[],
      ${textArray(effects.map(({ effect }) => participant.codec.encode(effect)))}::text[],
      ${textArray(effects.map(({ cause }) => cause.traceparent))}::text[], ${intArray(leasesMs)}::int[]
    ) as new (lane, key, kind, idempotency_key, payload, traceparent, lease_ms)
    returning id, lane`
}

/** One that was born leased, for the runner. */
export function bornLeased<V extends Vocabulary>(
  id: string,
  { key, effect, idempotencyKey, cause }: NewEffect<V>,
): LeasedEffect<V> {
  return {
    id,
    key,
    effect,
    idempotencyKey,
    leaseToken: 1,
    attempt: 1,
    traceparent: cause.traceparent,
    ageMs: 0,
    isUnknown: false,
    outcome: undefined,
    lastError: null,
  }
}

const leaseMs = <V extends Vocabulary>(participant: Participant<V>, type: string): number =>
  handlerOf(participant, type).timeoutMs + leaseSlackMs

/** Takes back those effects of the withdrawals that no runner has ever leased, and says which. */
export async function withdrawUnsent<V extends Vocabulary>(
  trx: OpenTransaction,
  participant: Participant<V>,
  withdrawals: readonly Withdrawal[],
): Promise<readonly Pick<Emitted<V>, 'key' | 'effect' | 'cause'>[]> {
  if (withdrawals.length === 0) return []
  const { rows } = await sql<{ id: string; key: string; payload: string; traceparent: string }>`
    delete from effect where id in (
      select id from effect
      where (key, kind) in (select * from unnest(
        ${textArray(withdrawals.map(({ key }) => key))}::text[],
        ${textArray(withdrawals.map(({ type }) => type))}::text[]))
        and first_sent_at is null
      order by lane for update)
      and first_sent_at is null
    returning id, key, payload, traceparent`.execute(trx)
  return rows.map(({ id, key, payload, traceparent }) => ({
    key,
    effect: participant.codec.decode<V['effect']>(payload),
    cause: { id, traceparent },
  }))
}

/** Deletes effects that have their answer from elsewhere, leased or not: a runner that is calling finds its row gone. */
export async function deleteSettled(trx: OpenTransaction, settled: readonly Settled[]): Promise<void> {
  if (settled.length === 0) return
  await sql`
    delete from effect where id in (
      select id from effect
      where (key, kind) in (select * from unnest(
        ${textArray(settled.map(({ key }) => key))}::text[], ${textArray(settled.map(({ type }) => type))}::text[]))
      order by lane for update)`.execute(trx)
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
