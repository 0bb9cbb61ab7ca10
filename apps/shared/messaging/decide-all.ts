import { sql } from 'kysely'
import { insertEffects, withdrawUnsent } from './effect-rows.ts'
import { SomebodyWasFaster } from './failures.ts'
import { type Draft, type Fold, foldItem, foldNeverSent, type Item, startFold, type Verdict } from './fold.ts'
import { appendToOutbox } from './outbox.ts'
import type { Cause, Decision, Input, OpenTransaction, Participant, Vocabulary } from './vocabulary.ts'

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
 * order of the inputs; `state` and `version` are those after all of them.
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
  readonly items: readonly Item<V>[] | (() => Promise<readonly Item<V>[]>)
}

/** One lock order everywhere: aggregates, then effects, then insert-only tables, each sorted by key. */
export async function decideItems<V extends Vocabulary>(
  trx: OpenTransaction,
  participant: Participant<V>,
  work: Work<V>,
): Promise<{ readonly fold: Fold<V>; readonly verdicts: readonly Verdict<V>[] }> {
  const keys = [...new Set(work.keys)].sort()
  const rows = await participant.store.lock(trx, keys)
  const now = await databaseTime(trx)
  const items = typeof work.items === 'function' ? await work.items() : work.items
  const fold = startFold(participant, keys, { rows, now })
  const verdicts = items.map((item) => foldItem(fold, item))
  for (const withdrawn of await withdrawUnsent(trx, participant, fold.withdrawals)) {
    foldNeverSent(fold, withdrawn)
  }
  await write(trx, fold)
  return { fold, verdicts }
}

async function write<V extends Vocabulary>(
  trx: OpenTransaction,
  { participant, drafts, said, emitted, history }: Fold<V>,
): Promise<void> {
  const toSave = [...drafts.values()].flatMap((draft) => toBeSaved(participant, draft))
  if (toSave.length === 0) return
  const saved = await participant.store.save(trx, toSave)
  if (saved.length !== toSave.length) throw new SomebodyWasFaster('Another transaction wrote the same aggregate')
  await participant.store.record(trx, history)
  await appendToOutbox(
    trx,
    said.map(({ key, version, event, cause }) => ({
      stream: participant.stream,
      key,
      type: event.type,
      version,
      payload: participant.encode(event),
      correlationId: key,
      causationId: cause.id,
      traceparent: cause.traceparent,
      source: participant.name,
    })),
  )
  await insertEffects(trx, participant, emitted)
}

function toBeSaved<V extends Vocabulary>(participant: Participant<V>, draft: Draft<V>) {
  const { state, moved } = draft
  return moved && state !== undefined ? [{ ...draft, state, dueAt: participant.dueAt(state) }] : []
}

/** Decisions are made by the database's clock: the services' own may differ from each other. */
async function databaseTime(trx: OpenTransaction): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(trx)
  const now = rows[0]?.now
  if (now === undefined) throw new Error('The database did not tell the time')
  return now
}
