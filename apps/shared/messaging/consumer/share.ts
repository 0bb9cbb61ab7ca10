import type { Blocked, Verdict } from '../decide/fold.ts'
import { codeOf } from '../lib/failures.ts'
import type { Arrival } from '../message/arrival.ts'
import type { ToKeep, ToPark } from '../parking/parking.ts'
import type { Vocabulary } from '../types/vocabulary.ts'
import type { Breaker } from './breaker.ts'

/** Nothing of its topic would be handled either: everything waits, and somebody must look. */
export class PartitionBlocked extends Error {
  override readonly name = 'PartitionBlocked'
}

/** A partition's part of a transaction. */
export interface Share<V extends Vocabulary> {
  readonly signal: AbortSignal
  /** Those that are not handled yet. */
  items: readonly Arrival<V>[]
  /** What belongs to no aggregate. */
  unplaceable: readonly ToKeep[]
  /** Keys of which a message has been handled. */
  readonly handled: Set<string>
  notYetSince: number | undefined
  /** Why the partition does not go on. */
  obstacle: Error | undefined
}

export const isOpen = <V extends Vocabulary>({ items, unplaceable, obstacle }: Share<V>): boolean =>
  items.length + unplaceable.length > 0 && obstacle === undefined

/** What becomes of each share, for its transaction to write. */
export interface Plan<V extends Vocabulary> {
  readonly toPark: readonly ToPark[]
  readonly toKeep: readonly ToKeep[]
  readonly shares: ReadonlyMap<Share<V>, SharePlan<V>>
}

interface SharePlan<V extends Vocabulary> {
  /** In the order of the share's items. */
  readonly verdicts: readonly Verdict<V>[]
  readonly parked: ReadonlySet<Arrival<V>>
  readonly obstacle: PartitionBlocked | undefined
}

/** A commit is shipped before it is visible, by some 40 ms under load. What stays invisible longer is parked. */
const notYetVisibleMaxMs = 250

/** @param decided in the order of the items, share by share */
export function planOf<V extends Vocabulary>(
  breaker: Breaker,
  shares: readonly Share<V>[],
  decided: readonly Verdict<V>[],
): Plan<V> {
  let from = 0
  const judged = shares.map((share) => {
    const verdicts = decided.slice(from, from + share.items.length)
    from += share.items.length
    return { share, verdicts, failures: failuresOf(share, verdicts) }
  })
  const failures = new Map(judged.flatMap(({ failures: own }) => own))
  const tried = new Set([...failures.keys(), ...judged.flatMap(({ share, verdicts }) => handledKeys(share, verdicts))])
  const code = breaker.judge(tried.size, failures)
  const plans = judged.map(({ share, verdicts, failures: own }): readonly [Share<V>, SharePlan<V>] => {
    if (code !== undefined && own.some(([, one]) => one === code)) {
      const obstacle = new PartitionBlocked(
        `too many keys fail with ${code} for it to be their messages: nothing is parked`,
      )
      return [share, { verdicts, parked: new Set(), obstacle }]
    }
    const parked = new Set(share.items.filter((_, index) => isHopeless(share, verdicts[index])))
    return [share, { verdicts, parked, obstacle: undefined }]
  })
  const going = plans.filter(([, { obstacle }]) => obstacle === undefined)
  return {
    shares: new Map(plans),
    toKeep: going.flatMap(([{ unplaceable }]) => unplaceable),
    toPark: going.flatMap(([{ items }, { verdicts, parked }]) =>
      items.flatMap((item, index) => (parked.has(item) ? toPark(item, verdicts[index]) : [])),
    ),
  }
}

/** A repeat tells nothing of what is deployed now, and nor does who waits for another. */
export function handledKeys<V extends Vocabulary>(
  { items, handled }: Share<V>,
  verdicts: readonly Verdict<V>[],
): readonly string[] {
  const now = items.filter((_, index) => {
    const verdict = verdicts[index]
    return verdict !== undefined && verdict.is !== 'blocked' && verdict.is !== 'repeat'
  })
  return [...handled, ...now.map(({ key }) => key)]
}

function failuresOf<V extends Vocabulary>(
  { items, unplaceable }: Share<V>,
  verdicts: readonly Verdict<V>[],
): readonly (readonly [string, string])[] {
  const failed = items.flatMap(({ key }, index) => {
    const code = failureOf(verdicts[index])
    return code === undefined ? [] : [[key, code] as const]
  })
  return [
    ...failed,
    ...unplaceable.map(({ message }) => [`${message.partition}@${message.offset}`, 'unplaceable'] as const),
  ]
}

function failureOf<V extends Vocabulary>(verdict: Verdict<V> | undefined): string | undefined {
  if (verdict?.is !== 'blocked') return undefined
  if (verdict.because === 'undecodable') return 'undecodable'
  return verdict.because === 'content' ? codeOf(verdict.error) : undefined
}

function isHopeless<V extends Vocabulary>(share: Share<V>, verdict: Verdict<V> | undefined): verdict is Blocked {
  if (verdict?.is !== 'blocked') return false
  if (verdict.because !== 'not-yet') return true
  // From the first look on that found nothing: an outage before it is not the row's fault.
  share.notYetSince ??= performance.now()
  return performance.now() - share.notYetSince > notYetVisibleMaxMs
}

function toPark<V extends Vocabulary>(
  { key, position, cause, type, message }: Arrival<V>,
  verdict: Verdict<V> | undefined,
): readonly ToPark[] {
  if (verdict?.is !== 'blocked' || position === undefined) return []
  const { because, detail } = verdict
  return [{ key, version: position.version, messageId: cause.id, type, message, because, error: detail }]
}
