import type { QueryExecutorProvider, RawBuilder } from 'kysely'

export interface Named {
  readonly type: string
}

/** The words of one service: `heard` and `said` come from the choreography, the rest from the aggregate's file. */
export interface Vocabulary {
  readonly state: object
  readonly heard: Named
  readonly said: Named
  readonly command: Named
  readonly effect: Named
  readonly outcome: Named
}

/** Whatever can happen to an aggregate: an event of another service, a command, the outcome of an effect, a deadline. */
export type Input<V extends Vocabulary> =
  | V['heard']
  | V['command']
  | V['outcome']
  | { readonly type: 'DeadlineReached' }

/** What one input means to one aggregate. There is no fifth answer. */
export type Decision<V extends Vocabulary> =
  | {
      readonly is: 'applied'
      readonly state: V['state']
      readonly events: readonly V['said'][]
      readonly effects: readonly V['effect'][]
      /**
       * Effects of these types that provably never left are taken back; the participant then feeds their `neverSent`
       * outcome. One that may have left is not touched: its outcome will come.
       */
      readonly withdraws?: readonly V['effect']['type'][]
      /**
       * The aggregate's effects of these types have their answer by this, wherever it comes from. If it is not their own
       * outcome, their rows go in the same transaction, and what a call that is under way comes to is thrown away.
       */
      readonly settles?: readonly V['effect']['type'][]
    }
  /** A command that comes too late or asks too much. Nothing changes; over HTTP it is a 4xx with this code. */
  | { readonly is: 'refused'; readonly because: string }
  /** Counted and otherwise of no consequence. `alarm`: it should not have happened at all, and somebody must look. */
  | { readonly is: 'ignored'; readonly because: 'duplicate' | 'late' | 'alarm' }
  /** It speaks of something that is not visible here yet. Tried again, never taken for nothing to do. */
  | { readonly is: 'notYet' }

/**
 * Pure: the same arguments give the same decision. It reads no clock and never throws for an input that its type
 * allows. `now` is the database's clock.
 */
export type Decide<V extends Vocabulary> = (state: V['state'] | undefined, input: Input<V>, now: Date) => Decision<V>

/** An open transaction of Kysely, whatever its tables. A pool is refused by the compiler. */
export type OpenTransaction = QueryExecutorProvider & { readonly isTransaction: true }

/** How far the upstream topic has been handled for one aggregate. Version 0: nothing yet. */
export interface Position {
  readonly version: number
  readonly eventId: string | undefined
}

export interface StoredAggregate<State> {
  /** The version of the last event it said; 0 before the first. */
  readonly version: number
  readonly position: Position
  readonly state: State
}

export interface AggregateToSave<State> extends StoredAggregate<State> {
  readonly key: string
  readonly dueAt: Date | undefined
  /** The version as it was loaded; undefined makes a new row. */
  readonly loadedVersion: number | undefined
  /** False: only the position has moved, and the state need not be written again. */
  readonly isChanged: boolean
}

/** One decided input, for people and for `GET`: what came, what caused it, and which members of the state it changed. */
export interface HistoryEntry {
  readonly key: string
  /** The aggregate's version after it. */
  readonly version: number
  /** The input's type. */
  readonly type: string
  /** The id of the message, command, effect or deadline. */
  readonly cause: string
  /** A JSON object: the state's members that changed, null for those that went. */
  readonly change: string
}

/** A decided input with both states, for a store that derives more from it than what people read. */
export interface Step<State> extends HistoryEntry {
  /** Undefined where there was none. */
  readonly before: State | undefined
  readonly after: State
}

/** The aggregate's rows. `jsonbStore` makes one for a table. */
export interface Store<State> {
  /**
   * Locks the rows until the transaction ends, in the order of the keys, and tells the database's time: one statement.
   * Keys without a row are absent.
   */
  lock(trx: OpenTransaction, keys: readonly string[]): Promise<Locked<State>>
  /**
   * Statements that write the aggregates, however many, and return the `id` of each that is written. A new row that
   * exists by now is left alone and not returned.
   */
  save(aggregates: readonly AggregateToSave<State>[]): readonly RawBuilder<{ id: string }>[]
  /** The statement that appends these entries to the history. Never called with none. */
  record(entries: readonly HistoryEntry[]): RawBuilder<unknown>
  /**
   * Statements that write what else follows from these steps, such as the transfers of a ledger: they commit with the
   * states or not at all, in the same round trip. What they return is ignored. Left out: nothing else follows.
   */
  derive?(steps: readonly Step<State>[]): readonly RawBuilder<unknown>[]
  /** Locks and names at most `limit` aggregates whose deadline has come, skipping those that somebody else holds. */
  due(trx: OpenTransaction, limit: number): Promise<readonly string[]>
}

export interface Locked<State> {
  readonly now: Date
  readonly rows: ReadonlyMap<string, StoredAggregate<State>>
}

export interface EffectCall {
  /** The same at every attempt, for ever: what the other side dedupes by. */
  readonly idempotencyKey: string
  /** 1 for the first. */
  readonly attempt: number
  readonly correlationId: string
  readonly traceparent: string
  /** Aborted when `timeoutMs` is over. */
  readonly signal: AbortSignal
  /** When that will be, by `performance.now()`: for a client that takes a time-out and no signal. */
  readonly endsAt: number
}

/** How one kind of effect leaves the building. */
export interface EffectHandler<Effect, Outcome> {
  /** At most one effect is outstanding per lane; a second one is a bug and fails the transaction. */
  lane(effect: Effect, key: string): string
  /** Deterministic: a new key for the same effect could charge a customer twice. */
  idempotencyKey(effect: Effect, key: string): string
  /** One call, in milliseconds. The lease lasts this long plus five seconds. */
  readonly timeoutMs: number
  /**
   * For how long after the first sending an unknown outcome is asked for again, in milliseconds. Shorter than the other
   * side remembers idempotency keys: a call after that could do it a second time.
   */
  readonly horizonMs: number
  /**
   * Calls of this kind that are under way at once in one process, at least 1; 64 unless given. Other kinds have places
   * of their own, and other processes too.
   */
  readonly atOnce?: number
  /**
   * Runs outside any transaction, at least once, always under the same key. To throw is to say: outcome unknown, ask
   * again. To throw `NotPerformed` is to say: it provably did not happen, try again.
   */
  call(effect: Effect, call: EffectCall): Promise<Outcome>
  /** Fed to `decide` once, when an outcome has become unknown. Without it the first word is the outcome itself. */
  unknown?(effect: Effect): Outcome
  /** Fed to `decide` when the horizon has passed, in place of an outcome. */
  gaveUp(effect: Effect): Outcome
  /** Fed to `decide` when the effect was withdrawn. Needed for the types that a decision withdraws. */
  neverSent?(effect: Effect): Outcome
}

/** The call provably had no effect on the other side: refused before it was performed. It does not age the outcome. */
export class NotPerformed extends Error {
  override readonly name = 'NotPerformed'
}

/** Text of our own making and back. `decode` is only ever given what `encode` made, so it trusts. */
export interface Codec {
  encode(value: object): string
  decode<Value>(text: string): Value
}

/** The handler of an effect whose type is known only at run time. */
export function handlerOf<V extends Vocabulary>(
  participant: Participant<V>,
  type: string,
): EffectHandler<V['effect'], V['outcome']> {
  const handlers: Readonly<Record<string, EffectHandler<V['effect'], V['outcome']>>> = participant.effects
  const handler = Object.hasOwn(handlers, type) ? handlers[type] : undefined
  if (handler === undefined) throw new Error(`${participant.name} has no handler for the effect ${type}`)
  return handler
}

/** One service's part in the saga. Read it aloud: it listens to …, decides by …, and these calls leave the building. */
export interface Participant<V extends Vocabulary> {
  /** The consumer group, and the `source` of its events. */
  readonly name: string
  /** The `aggregatetype` of its events; the connector publishes them to `<stream>.events`. */
  readonly stream: string
  /** Exactly one upstream topic, so that one version gate per aggregate sees every loss and every repeat. */
  readonly listensTo: {
    readonly topic: string
    readonly parse: {
      readonly [Type in V['heard']['type']]: (payload: string) => Extract<V['heard'], { type: Type }>
    }
  }
  readonly decide: Decide<V>
  /**
   * A state is due at one moment or never: a deadline is revoked by leaving the state. Left out: no state is ever due,
   * and nobody looks for deadlines.
   */
  readonly dueAt?: (state: V['state']) => Date | undefined
  readonly store: Store<V['state']>
  /** The payload of an event, as text. */
  readonly encode: (event: V['said']) => string
  readonly effects: {
    readonly [Type in V['effect']['type']]: EffectHandler<Extract<V['effect'], { type: Type }>, V['outcome']>
  }
  /** How effects and outcomes rest in the database between attempts. */
  readonly codec: Codec
}

/** Where an input comes from: it becomes the causation id of what is said because of it. */
export interface Cause {
  readonly id: string
  readonly traceparent: string
}

/** Structured logging, pino's shape: fields first, then a sentence. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
