import { backoffMs } from './backoff.ts'
import { decideItems } from './decide-all.ts'
import { type Delivery, read } from './delivery.ts'
import type { EffectsOf } from './effects.ts'
import { classify } from './failures.ts'
import type { Item, Verdict } from './fold.ts'
import type { KafkaMessage } from './kafka.ts'
import { pause } from './pause.ts'
import { logVerdict } from './verdict-log.ts'
import type { Vocabulary } from './vocabulary.ts'

/** A message cannot be handled, and everything behind it in its partition waits. */
export class PartitionBlocked extends Error {
  override readonly name = 'PartitionBlocked'
}

/** A commit is shipped before it is visible, by some 40 ms under load. A row still missing after this long is lost. */
const notYetVisibleMaxMs = 2_000
const notYetDelays = { firstMs: 5, maxMs: 100 }
const infrastructureDelays = { firstMs: 100, maxMs: 5_000 }

/**
 * Handles messages of one partition in one transaction: the version gate and `decide` for each, then all they changed
 * at once. Resolves when every message is handled for good.
 * @throws PartitionBlocked at a gap, an undecodable message, a row that stays invisible, or a failure by content. All
 * that could be handled is handled and will be recognised as a repeat.
 */
export async function handleBatch<V extends Vocabulary>(
  options: EffectsOf<V>,
  messages: readonly KafkaMessage[],
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  let items = messages.map((message) => itemOf(read(options.participant, message)))
  for (let attempt = 1; items.length > 0; attempt += 1) {
    const verdicts = await decideWhatever(options, items, signal)
    verdicts.forEach((verdict, index) => logVerdict(options.log, items[index], verdict))
    const blocked = verdicts.filter((verdict) => verdict.is === 'blocked')
    const hopeless = blocked.find(({ because }) => because !== 'not-yet')
    const last = hopeless ?? (performance.now() - startedAt > notYetVisibleMaxMs ? blocked[0] : undefined)
    if (last !== undefined) throw new PartitionBlocked(`${last.because}: ${last.detail}`)
    items = items.filter((_, index) => verdicts[index]?.is === 'blocked')
    if (items.length > 0) await pause(backoffMs(attempt, notYetDelays), signal)
  }
}

/** When infrastructure fails nothing else could succeed either: waits and runs the same transaction again. */
async function decideWhatever<V extends Vocabulary>(
  { db, participant, log }: EffectsOf<V>,
  items: readonly Item<V>[],
  signal: AbortSignal,
): Promise<readonly Verdict<V>[]> {
  const keys = items.map(({ key }) => key)
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      return (await db.transaction().execute((trx) => decideItems(trx, participant, { keys, items }))).verdicts
    } catch (error) {
      const failure = classify(error)
      if (failure === 'content') throw error
      if (failure === 'conflict') continue
      log.warn({ err: error, messages: items.length }, 'a batch failed for its surroundings, trying again')
      await pause(backoffMs(attempt, infrastructureDelays), signal)
    }
  }
}

function itemOf<V extends Vocabulary>({ key, position, cause, content }: Delivery<V>): Item<V> {
  return { key, position, cause, input: content }
}
