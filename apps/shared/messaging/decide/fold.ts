import { whatFailed } from '../lib/failures.ts'
import { Failing, Undecodable } from '../message/delivery.ts'
import {
  type Cause,
  type Decision,
  handlerOf,
  type Input,
  type Participant,
  type Position,
  type Step,
  type StoredAggregate,
  type Vocabulary,
} from '../types/vocabulary.ts'
import { changeOf } from './change-of.ts'

/** One input for one aggregate. Messages have a position in the key's stream; commands, outcomes, deadlines do not. */
export interface Item<V extends Vocabulary> {
  readonly key: string
  /** `discarded`: an operator has given it up. Its position is taken even over a gap. */
  readonly input: Input<V> | 'skipped' | 'discarded' | Undecodable | Failing
  readonly cause: Cause
  readonly position?: Position
}

/** `content`: `decide` threw, or the database refused what it decided. */
export type Blockage = 'gap' | 'not-yet' | 'undecodable' | 'content'

/** What became of one item. */
export type Verdict<V extends Vocabulary> =
  | Decision<V>
  | { readonly is: 'skipped' }
  /** `forged`: the version is taken, but by another event id. Somebody must look. */
  | { readonly is: 'repeat'; readonly forged: boolean }
  /** It and everything after it of the same key must wait. */
  | Blocked

export interface Blocked {
  readonly is: 'blocked'
  readonly because: Blockage
  readonly detail: string
  /** What was thrown, for the log. */
  readonly error?: unknown
}

export interface Said<V extends Vocabulary> {
  readonly key: string
  readonly version: number
  readonly event: V['said']
  readonly cause: Cause
}

export interface Emitted<V extends Vocabulary> {
  readonly key: string
  readonly lane: string
  readonly effect: V['effect']
  readonly cause: Cause
}

export type Settled = { readonly key: string; readonly type: string }

export type Withdrawal = Settled & { readonly cause: Cause }

/** An aggregate on its way through the fold. */
export interface Draft<V extends Vocabulary> {
  readonly key: string
  readonly loadedVersion: number | undefined
  version: number
  position: Position
  state: V['state'] | undefined
  /** Something is to be saved: the state or the position has moved. */
  moved: boolean
  /** The state is another one. */
  isChanged: boolean
  blocked: Blocked | undefined
}

/** What is to be written, in the order in which it was decided. */
export interface Fold<V extends Vocabulary> {
  readonly participant: Participant<V>
  readonly now: Date
  readonly drafts: ReadonlyMap<string, Draft<V>>
  readonly said: Said<V>[]
  readonly emitted: Emitted<V>[]
  readonly withdrawals: Withdrawal[]
  readonly settled: Settled[]
  readonly history: Step<V['state']>[]
}

export function startFold<V extends Vocabulary>(
  participant: Participant<V>,
  keys: Iterable<string>,
  { rows, now }: { readonly rows: ReadonlyMap<string, StoredAggregate<V['state']>>; readonly now: Date },
): Fold<V> {
  const drafts = new Map<string, Draft<V>>()
  for (const key of keys) {
    const row = rows.get(key)
    drafts.set(key, {
      key,
      loadedVersion: row?.version,
      version: row?.version ?? 0,
      position: row?.position ?? { version: 0, eventId: undefined },
      state: row?.state,
      moved: false,
      isChanged: false,
      blocked: undefined,
    })
  }
  return { participant, now, drafts, said: [], emitted: [], withdrawals: [], settled: [], history: [] }
}

/** Takes one item through the version gate and through `decide`. Writes nothing: the fold is memory only. */
export function foldItem<V extends Vocabulary>(fold: Fold<V>, item: Item<V>): Verdict<V> {
  const draft = fold.drafts.get(item.key)
  if (draft === undefined) throw new Error(`The fold was not started with the key ${item.key}`)
  const { verdict, application } = judgeSafely(fold, draft, item)
  if (verdict.is === 'blocked') draft.blocked = verdict
  if (verdict.is === 'repeat' || verdict.is === 'blocked') return verdict
  if (item.position !== undefined) {
    draft.position = item.position
    draft.moved = true
  }
  if (application !== undefined) apply(fold, application)
  return verdict
}

interface Judged<V extends Vocabulary> {
  readonly verdict: Verdict<V>
  readonly application?: Application<V>
}

/** A message that throws takes its key out of the fold, and only that: nothing of it has been written by then. */
function judgeSafely<V extends Vocabulary>(fold: Fold<V>, draft: Draft<V>, item: Item<V>): Judged<V> {
  try {
    const verdict = judge(fold, draft, item)
    return verdict.is === 'applied'
      ? { verdict, application: applicationOf(fold, { draft, item, verdict }) }
      : { verdict }
  } catch (error) {
    // A command has somebody who hears of it; an outcome and a deadline are tried again.
    if (item.position === undefined) throw error
    return { verdict: failing(error) }
  }
}

function judge<V extends Vocabulary>(
  { participant, now }: Fold<V>,
  draft: Draft<V>,
  { input, position }: Item<V>,
): Verdict<V> {
  if (position !== undefined) {
    if (position.version <= draft.position.version) {
      const { version, eventId } = draft.position
      // Nobody knows the id of what was given up unseen.
      const same = position.version < version || eventId === undefined || position.eventId === eventId
      return { is: 'repeat', forged: !same }
    }
    if (draft.blocked !== undefined) return draft.blocked
    if (position.version > draft.position.version + 1 && input !== 'discarded') {
      return blocked('gap', `version ${draft.position.version + 1} is missing before ${position.version}`)
    }
  }
  if (input instanceof Undecodable) return blocked('undecodable', input.message)
  if (input instanceof Failing) return failing(input.error)
  if (input === 'discarded') return { is: 'skipped' }
  // Without a row there is nowhere to remember the position: the row must come first.
  if (input === 'skipped') return draft.state === undefined ? notVisible : { is: 'skipped' }
  const decision = participant.decide(draft.state, input, now)
  return decision.is === 'notYet' ? notVisible : decision
}

const blocked = (because: Blockage, detail: string) => ({ is: 'blocked', because, detail }) as const
const failing = (error: unknown) => ({ ...blocked('content', whatFailed(error)), error })
const notVisible = blocked('not-yet', 'the aggregate it speaks of is not visible here')

interface ToApply<V extends Vocabulary> {
  readonly draft: Draft<V>
  readonly item: Item<V>
  readonly verdict: Extract<Decision<V>, { is: 'applied' }>
}

/** What `decide` led to, worked out before anything is changed: to throw here takes nothing but its key out. */
interface Application<V extends Vocabulary> extends ToApply<V> {
  readonly emitted: readonly Emitted<V>[]
  readonly entry: Step<V['state']>
}

function applicationOf<V extends Vocabulary>({ participant }: Fold<V>, toApply: ToApply<V>): Application<V> {
  const { draft, item, verdict } = toApply
  const { key, input, cause } = item
  return {
    ...toApply,
    emitted: verdict.effects.map((effect) => ({
      key,
      lane: handlerOf(participant, effect.type).lane(effect, key),
      effect,
      cause,
    })),
    entry: {
      key,
      version: draft.version + verdict.events.length,
      type: typeof input === 'object' && 'type' in input ? input.type : 'skipped',
      cause: cause.id,
      change: participant.codec.encode(changeOf(draft.state, verdict.state)),
      before: draft.state,
      after: verdict.state,
    },
  }
}

function apply<V extends Vocabulary>(
  fold: Fold<V>,
  { draft, item: { key, cause }, verdict, emitted, entry }: Application<V>,
): void {
  for (const event of verdict.events) {
    draft.version += 1
    fold.said.push({ key, version: draft.version, event, cause })
  }
  for (const type of verdict.settles ?? []) if (!drop(fold, { key, type })) fold.settled.push({ key, type })
  fold.emitted.push(...emitted)
  fold.history.push(entry)
  draft.state = verdict.state
  draft.moved = true
  draft.isChanged = true
  for (const type of verdict.withdraws ?? []) withdraw(fold, { key, type, cause })
}

/** An effect emitted in this very fold has not left: it is dropped. Of another one only its row knows. */
function withdraw<V extends Vocabulary>(fold: Fold<V>, withdrawal: Withdrawal): void {
  const dropped = drop(fold, withdrawal)
  if (dropped === undefined) fold.withdrawals.push(withdrawal)
  else foldNeverSent(fold, dropped)
}

function drop<V extends Vocabulary>({ emitted }: Fold<V>, { key, type }: Settled): Emitted<V> | undefined {
  const index = emitted.findIndex((one) => one.key === key && one.effect.type === type)
  return index === -1 ? undefined : emitted.splice(index, 1)[0]
}

/** Feeds the outcome of an effect that was taken back before it left. */
export function foldNeverSent<V extends Vocabulary>(
  fold: Fold<V>,
  { key, effect, cause }: Pick<Emitted<V>, 'key' | 'effect' | 'cause'>,
): void {
  const outcome = handlerOf(fold.participant, effect.type).neverSent?.(effect)
  if (outcome === undefined)
    throw new Error(`${fold.participant.name} withdraws ${effect.type}, which has no neverSent`)
  foldItem(fold, { key, input: outcome, cause })
}
