import type { Vocabulary } from '#messaging'
import type { Item, Verdict } from '../../../apps/shared/messaging/decide/fold.ts'

/** `PaymentAuthorized 1: →confirmed [OrderConfirmed totalMinor 1000] {}`, for whoever reads a history. */
export function verdictInWords<V extends Vocabulary>({ input, position }: Item<V>, verdict: Verdict<V>): string {
  const what =
    typeof input === 'object' && 'type' in input ? inWords(input) : typeof input === 'string' ? input : 'refused'
  return `${what}${position === undefined ? '' : ` (version ${position.version})`}: ${answerInWords(verdict)}`
}

function answerInWords<V extends Vocabulary>(verdict: Verdict<V>): string {
  switch (verdict.is) {
    case 'applied': {
      const { state, events, effects, withdraws = [] } = verdict
      const status = 'status' in state ? String(state.status) : 'applied'
      const calls = [...effects.map(inWords), ...withdraws.map((type) => `withdraw ${type}`)]
      const said = events.length === 0 ? '' : ` says ${events.map(inWords).join(', ')}`
      return `→ ${status}${said}${calls.length === 0 ? '' : ` calls ${calls.join(', ')}`}`
    }
    case 'ignored':
    case 'refused':
      return `${verdict.is}, ${verdict.because}`
    case 'blocked':
      return `${verdict.is}, ${verdict.because}: ${verdict.detail}`
    default:
      return verdict.is
  }
}

const told = new Set([
  'amountMinor',
  'capturedMinor',
  'refundedMinor',
  'totalMinor',
  'reason',
  'code',
  'refundId',
  'because',
])

function inWords(value: { readonly type: string }): string {
  const details = Object.entries(value).flatMap(([name, detail]) =>
    told.has(name) ? [`${name} ${String(detail)}`] : [],
  )
  const operation = 'operation' in value ? ` ${String(value.operation)}` : ''
  return `${value.type}${operation}${details.length === 0 ? '' : ` (${details.join(', ')})`}`
}
