import type { Observer } from './observability/observer.ts'
import type { Troubles } from './observability/troubles.ts'
import type { Resolved } from './transaction/decide-all.ts'
import type { TransactionSource } from './types/transaction.ts'
import type { Log, Participant, Vocabulary } from './types/vocabulary.ts'

/** Calls what transactions of this process have just decided on, without a look into the table. */
export interface Caller<V extends Vocabulary> {
  /** A place for one more call of this kind. It is `committed` to a call or given back. */
  take(kind: string): boolean
  giveBack(kind: string): void
  /** The transaction has committed: what it leased is called, and what it could not is leased at once. */
  committed(decided: Pick<Resolved<V>, 'fold' | 'leased'>): void
}

export interface EffectsOf<V extends Vocabulary> {
  readonly db: TransactionSource
  readonly participant: Participant<V>
  readonly log: Log
  readonly troubles: Troubles
  readonly observer?: Observer<V> | undefined
  /** Left out: effects wait until somebody leases them. */
  readonly caller?: Caller<V> | undefined
}
