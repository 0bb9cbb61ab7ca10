import { type RawBuilder, sql } from 'kysely'
import type { Emitted, Settled, Withdrawal } from '../decide/fold.ts'
import { intArray, textArray } from '../lib/arrays.ts'
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

export const leaseMs = <V extends Vocabulary>(participant: Participant<V>, type: string): number =>
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
