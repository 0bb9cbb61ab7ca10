import { decideItems } from './decide-all.ts'
import type { EffectsOf } from './effects.ts'
import type { Item } from './fold.ts'
import { pause } from './pause.ts'
import { logVerdict } from './verdict-log.ts'
import type { Vocabulary } from './vocabulary.ts'

/** A deadline is kept at most this late. */
const pollMs = 1_000
/** So many deadlines are decided in one transaction. */
const batchMaxDeadlines = 100

/** Feeds `DeadlineReached` to every aggregate that is due, until the signal. */
export async function keepDeadlines<V extends Vocabulary>(
  options: EffectsOf<V> & { readonly decided: () => void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const count = await sweepDeadlinesOnce(options).catch((error: unknown) => {
      options.log.warn({ err: error }, 'deadlines could not be looked up, trying again')
      return 0
    })
    if (count > 0) options.decided()
    if (count < batchMaxDeadlines) await pause(pollMs, signal)
  }
}

/** One round. Two sweepers share the work: what one holds, the other skips. @returns how many were due. */
export async function sweepDeadlinesOnce<V extends Vocabulary>({
  db,
  participant,
  log,
}: EffectsOf<V>): Promise<number> {
  const { items, verdicts } = await db.transaction().execute(async (trx) => {
    const keys = await participant.store.due(trx, batchMaxDeadlines)
    const items = keys.map(
      (key): Item<V> => ({
        key,
        input: { type: 'DeadlineReached' },
        cause: { id: 'deadline', traceparent: '' },
      }),
    )
    const { verdicts } = keys.length === 0 ? { verdicts: [] } : await decideItems(trx, participant, { keys, items })
    return { items, verdicts }
  })
  verdicts.forEach((verdict, index) => logVerdict(log, items[index], verdict))
  return items.length
}
