import type { Books } from './books.ts'
import { verdictOn } from './cards.ts'
import { errors } from './errors.ts'
import { newId } from './ids.ts'
import { type Operation, operate } from './intents.ts'
import type { Clock } from './outcome.ts'
import { settle } from './refunds.ts'
import type { Entry, Intent } from './state.ts'

export interface NewIntent {
  readonly amount: number
  readonly currency: string
  readonly captureMethod: Intent['captureMethod']
  readonly metadata: Readonly<Record<string, string>>
  readonly paymentMethod: string | undefined
  readonly confirm: boolean
}

export type Command =
  | { readonly type: 'create'; readonly intent: NewIntent }
  | { readonly type: 'operate'; readonly intentId: string; readonly operation: Operation }
  /** The time of a refund has come, which nobody asks for either. */
  | { readonly type: 'settle'; readonly refundId: string }

export type Deed = Pick<Entry, 'did' | 'intent' | 'refund' | 'error'>

export function execute(command: Command, books: Books, now: Clock): Deed {
  switch (command.type) {
    case 'create':
      return create(command.intent, now)
    case 'settle': {
      const refund = books.refunds.get(command.refundId)
      const intent = books.intents.get(refund?.intentId ?? '')
      if (refund === undefined || intent === undefined) throw new Error(`There is no refund ${command.refundId}`)
      return settle(intent, refund)
    }
    case 'operate': {
      const { intentId, operation } = command
      const intent = books.intents.get(intentId)
      if (intent === undefined) {
        const error = operation.type === 'refund' ? errors.noIntentToRefund(intentId) : errors.noSuchIntent(intentId)
        return { did: 'refused', error }
      }
      const outcome = operate(intent, operation, now)
      // Stripe shows the intent beside an error of its own paths, not beside one of /v1/refunds.
      if (outcome.did === 'refused' && operation.type === 'refund') return { did: 'refused', error: outcome.error }
      return outcome
    }
  }
}

function create(wanted: NewIntent, clock: Clock): Deed {
  const { paymentMethod, confirm, ...about } = wanted
  if (paymentMethod !== undefined && verdictOn(paymentMethod) === undefined) {
    return { did: 'refused', error: errors.noSuchPaymentMethod(paymentMethod) }
  }
  const created = { ...about, id: newId('pi'), created: clock.now }
  const intent: Intent =
    paymentMethod === undefined
      ? { ...created, status: 'requires_payment_method', paymentMethod: null }
      : { ...created, status: 'requires_confirmation', paymentMethod }
  if (!confirm) return { did: 'created', intent }
  const outcome = operate(intent, { type: 'confirm', chargeId: newId('ch') }, clock)
  return outcome.did === 'refused' ? { did: 'refused', error: outcome.error } : outcome
}
