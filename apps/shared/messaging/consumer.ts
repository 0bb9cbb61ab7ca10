import { backoffMs } from './backoff.ts'
import { decideItems } from './decide-all.ts'
import { type Delivery, read, Undecodable } from './delivery.ts'
import type { EffectsOf } from './effects.ts'
import { classify } from './failures.ts'
import type { Fold, Item, Verdict } from './fold.ts'
import type { KafkaMessage } from './kafka-client.ts'
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
 * at once. Resolves when every message is handled for good, and says whether there are effects to call.
 * @throws PartitionBlocked at a gap, an undecodable message, a row that stays invisible, or a failure by content. All
 * that could be handled is handled and will be recognised as a repeat.
 */
export async function handleBatch<V extends Vocabulary>(
  options: EffectsOf<V>,
  messages: readonly KafkaMessage[],
  signal: AbortSignal,
): Promise<{ readonly emitted: boolean }> {
  const { items: readable, undecodable } = readAll(options, messages)
  let items = readable
  let emitted = false
  let notYetSince: number | undefined
  for (let attempt = 1; items.length > 0; attempt += 1) {
    const { verdicts, fold } = await decideWhatever(options, items, signal)
    emitted ||= fold.emitted.length > 0
    verdicts.forEach((verdict, index) => logVerdict(options.log, items[index], verdict))
    const blocked = verdicts.filter((verdict) => verdict.is === 'blocked')
    // From the first look on that found nothing: an outage before it is not the row's fault.
    notYetSince ??= performance.now()
    const hopeless = blocked.find(({ because }) => because !== 'not-yet')
    const last = hopeless ?? (performance.now() - notYetSince > notYetVisibleMaxMs ? blocked[0] : undefined)
    if (last !== undefined) throw new PartitionBlocked(`${last.because}: ${last.detail}`)
    items = items.filter((_, index) => verdicts[index]?.is === 'blocked')
    if (items.length > 0) await pause(backoffMs(attempt, notYetDelays), signal)
  }
  if (undecodable !== undefined) throw undecodable
  return { emitted }
}

/** The messages before the first that cannot even be placed: those at least can be handled. */
function readAll<V extends Vocabulary>({ participant }: EffectsOf<V>, messages: readonly KafkaMessage[]) {
  const items: Item<V>[] = []
  for (const message of messages) {
    try {
      items.push(itemOf(read(participant, message)))
    } catch (error) {
      if (error instanceof Undecodable) return { items, undecodable: error }
      throw error
    }
  }
  return { items, undecodable: undefined }
}

/** When infrastructure fails nothing else could succeed either: waits and runs the same transaction again. */
async function decideWhatever<V extends Vocabulary>(
  { db, participant, log, troubles }: EffectsOf<V>,
  items: readonly Item<V>[],
  signal: AbortSignal,
): Promise<{ readonly verdicts: readonly Verdict<V>[]; readonly fold: Fold<V> }> {
  const keys = items.map(({ key }) => key)
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      const decided = await db.transaction().execute((trx) => decideItems(trx, participant, { keys, items }))
      troubles.clear('messages')
      return decided
    } catch (error) {
      const failure = classify(error)
      if (failure === 'content') throw error
      if (failure === 'infrastructure') {
        log.warn({ err: error, messages: items.length }, 'a batch failed for its surroundings, trying again')
        troubles.note('messages', error)
      }
      await pause(backoffMs(attempt, failure === 'conflict' ? notYetDelays : infrastructureDelays), signal)
    }
  }
}

function itemOf<V extends Vocabulary>({ key, position, cause, content }: Delivery<V>): Item<V> {
  return { key, position, cause, input: content }
}
