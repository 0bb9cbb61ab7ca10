import type { EffectsOf } from './context.ts'
import type { Item } from './decide/fold.ts'
import { classify } from './lib/failures.ts'
import { pause } from './lib/pause.ts'
import { tellVerdict } from './observability/observer.ts'
import { decideInTransaction } from './transaction/decide-in-transaction.ts'
import type { OpenTransaction, Vocabulary } from './types/vocabulary.ts'

/** A deadline is kept at most this late. */
const pollMs = 1_000
/** So many deadlines are decided in one transaction. */
const batchMaxDeadlines = 100

/** Feeds `DeadlineReached` to every aggregate that is due, until the signal. */
export async function keepDeadlines<V extends Vocabulary>(options: EffectsOf<V>, signal: AbortSignal): Promise<void> {
  const { participant, log, troubles } = options
  if (participant.dueAt === undefined) return
  while (!signal.aborted) {
    let count = 0
    try {
      count = await sweepDeadlinesOnce(options)
      troubles.clear('deadlines')
    } catch (error) {
      log.error({ err: error }, 'deadlines could not be decided, trying again')
      troubles.note('deadlines', error)
      // One that fails by its content must not keep the others from their time.
      if (classify(error) === 'content') count = await sweepEachAlone(options).catch(() => 0)
    }
    if (count < batchMaxDeadlines) await pause(pollMs, signal)
  }
}

/** One round. Two sweepers share the work: what one holds, the other skips. @returns how many were due. */
export async function sweepDeadlinesOnce<V extends Vocabulary>(options: EffectsOf<V>): Promise<number> {
  const { participant } = options
  return await decideDue(options, (trx) => participant.store.due(trx, batchMaxDeadlines))
}

/** As `sweepDeadlinesOnce`, with a transaction for each. @returns how many could be decided. */
async function sweepEachAlone<V extends Vocabulary>(options: EffectsOf<V>): Promise<number> {
  const { db, participant, log } = options
  const keys = await db.transaction().execute((trx) => participant.store.due(trx, batchMaxDeadlines))
  let decided = 0
  for (const key of keys) {
    try {
      decided += await decideDue(options, () => Promise.resolve([key]))
    } catch (error) {
      log.error({ orderId: key, err: error }, 'a deadline cannot be decided')
    }
  }
  return decided
}

async function decideDue<V extends Vocabulary>(
  options: EffectsOf<V>,
  due: (trx: OpenTransaction) => Promise<readonly string[]>,
): Promise<number> {
  let items: readonly Item<V>[] = []
  const { verdicts } = await decideInTransaction(options, {
    prepare: async (trx) => {
      const keys = await due(trx)
      const cause = { id: 'deadline', traceparent: '' }
      items = keys.map((key) => ({ key, input: { type: 'DeadlineReached' }, cause }))
      return { keys, items }
    },
  })
  verdicts.forEach((verdict, index) => tellVerdict(options, items[index], verdict))
  return items.length
}
