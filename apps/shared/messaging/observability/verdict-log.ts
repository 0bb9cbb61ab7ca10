import type { Item, Verdict } from '../decide/fold.ts'
import type { Log, Vocabulary } from '../types/vocabulary.ts'

/** One line per outcome: who, what, why. Never a payload. */
export function logVerdict<V extends Vocabulary>(log: Log, item: Item<V> | undefined, verdict: Verdict<V>): void {
  if (item === undefined) return
  const eventType = typeof item.input === 'object' && 'type' in item.input ? item.input.type : undefined
  const fields = { orderId: item.key, messageId: item.cause.id, eventType, version: item.position?.version }
  switch (verdict.is) {
    case 'applied':
      return log.info({ ...fields, outcome: 'applied', said: verdict.events.map(({ type }) => type) }, 'applied')
    case 'ignored':
      if (verdict.because === 'alarm') return log.error({ ...fields, outcome: 'alarm' }, 'ignored, but it cannot be')
      return log.info({ ...fields, outcome: verdict.because }, 'ignored')
    case 'repeat':
      if (verdict.forged) return log.error({ ...fields, outcome: 'alarm' }, 'a version came again under another id')
      return log.info({ ...fields, outcome: 'repeat' }, 'ignored')
    case 'refused':
    case 'blocked':
      return log.warn({ ...fields, outcome: verdict.is, because: verdict.because }, 'not handled')
    case 'skipped':
    case 'notYet':
      return log.debug({ ...fields, outcome: verdict.is }, 'not for us')
  }
}
