import { sql } from 'kysely'
import {
  type Draft,
  type Fold,
  foldItem,
  foldNeverSent,
  type Item,
  type Said,
  startFold,
  type Verdict,
} from '../decide/fold.ts'
import { failpoint } from '../lib/failpoint.ts'
import { SomebodyWasFaster } from '../lib/failures.ts'
import { appending, type OutboxEvent } from '../outbox/outbox.ts'
import type { Cause, Decision, Input, Locked, OpenTransaction, Participant, Vocabulary } from '../types/vocabulary.ts'
import {
  bornLeased,
  deleteSettled,
  insertingEffects,
  type LeasedEffect,
  newEffects,
  withdrawUnsent,
} from './effect-rows.ts'

export interface AggregateInput<V extends Vocabulary> {
  readonly key: string
  readonly input: Input<V>
  readonly cause: Cause
}

/** An aggregate as it stands after its inputs. */
export interface Decided<V extends Vocabulary> {
  readonly decision: Decision<V>
  /** Undefined where there still is none. */
  readonly state: V['state'] | undefined
  readonly version: number
}

/**
 * Locks, decides, saves and appends in your transaction: a handful of statements, however many inputs. Answers in the
 * order of the inputs; `state` and `version` are those after all of them. An input that answers an outstanding effect
 * (`settles`) deletes its row: facts that were learned without a call come this way too.
 * @throws SomebodyWasFaster when another transaction made the same aggregate in the meantime: run yours again.
 */
export async function decideAll<V extends Vocabulary>(
  trx: OpenTransaction,
  participant: Participant<V>,
  inputs: readonly AggregateInput<V>[],
): Promise<readonly Decided<V>[]> {
  const { fold, verdicts } = await decideItems(trx, participant, {
    keys: inputs.map(({ key }) => key),
    items: inputs,
    settling: true,
  })
  return inputs.map(({ key }, index): Decided<V> => {
    const verdict = verdicts[index]
    const draft = fold.drafts.get(key)
    if (verdict === undefined || draft === undefined) throw new Error('An input was not decided')
    const undecided = verdict.is === 'blocked' || verdict.is === 'repeat' || verdict.is === 'skipped'
    return { decision: undecided ? { is: 'notYet' } : verdict, state: draft.state, version: draft.version }
  })
}

export interface Work<V extends Vocabulary> {
  readonly keys: readonly string[]
  /** A function is called once the aggregates are locked: for items that depend on rows further down the lock order. */
  readonly items: readonly Item<V>[] | ((rows: Locked<V['state']>['rows']) => Promise<readonly Item<V>[]>)
  /** Asked for each effect that is to be written: those it says yes to are leased at once, and the caller's to call. */
  readonly leasing?: (kind: string) => boolean
  /** The items are not outcomes: the rows of the effects that they settle are still there, and go. */
  readonly settling?: boolean
}

/** What a transaction has decided. It counts once that has committed. */
export interface Resolved<V extends Vocabulary> {
  readonly fold: Fold<V>
  /** In the order of the items. */
  readonly verdicts: readonly Verdict<V>[]
  readonly leased: readonly LeasedEffect<V>[]
}

/** One lock order everywhere: aggregates, then effects, then insert-only tables, each sorted by key. */
export async function decideItems<V extends Vocabulary>(
  trx: OpenTransaction,
  participant: Participant<V>,
  work: Work<V>,
): Promise<Resolved<V>> {
  const keys = [...new Set(work.keys)].sort()
  if (keys.length === 0) return nothingDecided(participant)
  // Decisions are made by the database's clock: the services' own may differ from each other.
  const { rows, now } = await participant.store.lock(trx, keys)
  failpoint('decide.locked')
  const items = typeof work.items === 'function' ? await work.items(rows) : work.items
  const fold = startFold(participant, keys, { rows, now })
  const verdicts = items.map((item) => foldItem(fold, item))
  for (const withdrawn of await withdrawUnsent(trx, participant, fold.withdrawals)) {
    foldNeverSent(fold, withdrawn)
  }
  if (work.settling) await deleteSettled(trx, fold.settled)
  const leased = await write(trx, fold, work.leasing ?? nobodyCalls)
  failpoint('decide.written')
  return { fold, verdicts, leased }
}

/** Without an aggregate there is nothing to lock, to ask the time for, or to write. */
function nothingDecided<V extends Vocabulary>(participant: Participant<V>): Resolved<V> {
  return { fold: startFold(participant, [], { rows: new Map(), now: new Date(0) }), verdicts: [], leased: [] }
}

const nobodyCalls = (): boolean => false

/** Everything at once: one statement and one round trip for states, what follows from them, outbox and effects. */
async function write<V extends Vocabulary>(
  trx: OpenTransaction,
  { participant, drafts, said, emitted, history }: Fold<V>,
  leasing: (kind: string) => boolean,
): Promise<readonly LeasedEffect<V>[]> {
  const toSave = [...drafts.values()].flatMap((draft) => toBeSaved(participant, draft))
  if (toSave.length === 0) return []
  const effects = newEffects(participant, emitted, leasing)
  const { store } = participant
  const saving = store.save(toSave)
  const parts = [
    ...saving.map((statement, index) => sql`${sql.id(`saved_${index}`)} as (${statement})`),
    ...(history.length === 0 ? [] : [sql`recorded as (${store.record(history)})`]),
    ...(store.derive?.(history) ?? []).map((statement, index) => sql`${sql.id(`derived_${index}`)} as (${statement})`),
    ...(said.length === 0 ? [] : [sql`said as (${appending(said.map((one) => outboxEvent(participant, one)))})`]),
    ...(effects.length === 0 ? [] : [sql`emitted as (${insertingEffects(participant, effects)})`]),
  ]
  const written = [
    ...saving.map((_, index) => sql`select id, null as lane from ${sql.id(`saved_${index}`)}`),
    ...(effects.length === 0 ? [] : [sql`select id, lane from emitted`]),
  ]
  const statement = sql<Written>`with ${sql.join(parts)} ${sql.join(written, sql` union all `)}`
  const { rows } = await statement.execute(trx)
  const ids = new Map(rows.flatMap(({ id, lane }) => (lane === null ? [] : [[lane, id] as const])))
  if (rows.length - ids.size !== toSave.length) {
    throw new SomebodyWasFaster('Another transaction wrote the same aggregate')
  }
  return effects.flatMap((effect) => {
    const id = effect.isLeased ? ids.get(effect.lane) : undefined
    return id === undefined ? [] : [bornLeased(id, effect)]
  })
}

/** An aggregate, or an effect with its lane. */
interface Written {
  readonly id: string
  readonly lane: string | null
}

function toBeSaved<V extends Vocabulary>(participant: Participant<V>, draft: Draft<V>) {
  const { state, moved } = draft
  return moved && state !== undefined ? [{ ...draft, state, dueAt: participant.dueAt?.(state) }] : []
}

function outboxEvent<V extends Vocabulary>(
  { stream, name, encode }: Participant<V>,
  { key, version, event, cause }: Said<V>,
): OutboxEvent {
  return {
    stream,
    key,
    type: event.type,
    version,
    payload: encode(event),
    correlationId: key,
    causationId: cause.id,
    traceparent: cause.traceparent,
    source: name,
  }
}
