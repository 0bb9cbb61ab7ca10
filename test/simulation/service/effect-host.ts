import type { Participant, Vocabulary } from '#messaging'
import type { Item, Verdict } from '../../../apps/shared/messaging/decide/fold.ts'
import type { Simulated } from '../world/simulated.ts'

export interface Work<V extends Vocabulary> {
  readonly keys: readonly string[]
  /** What comes from a topic may be about a row that is committed and not visible yet. */
  readonly isFromTopic?: boolean
  /** Asked for once the aggregates are locked. */
  readonly items: () => readonly Item<V>[]
  /** Writes more in the same transaction. */
  readonly conclude?: (verdicts: readonly Verdict<V>[]) => void
}

/** What effects need of the service that decided on them. */
export interface EffectHost<V extends Vocabulary> {
  readonly participant: Participant<V>
  readonly simulated: Simulated
  readonly onWake: (() => void)[]
  /** Counts restarts: what a process has begun ends with it. */
  readonly life: number
  clock(): number
  at(time: number, run: () => void): void
  transact(work: Work<V>): readonly Verdict<V>[] | undefined
}
