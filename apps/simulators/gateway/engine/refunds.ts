import { refundsTo } from './cards.ts'
import { errors } from './errors.ts'
import { type Clock, type Outcome, refused } from './outcome.ts'
import type { Intent, Refund } from './state.ts'

export interface GiveBack {
  readonly type: 'refund'
  readonly refundId: string
  readonly amount?: number | undefined
  readonly reason: string | null
  readonly metadata: Readonly<Record<string, string>>
}

/** A refund that is pending has left the charge already: nobody can ask for the same money twice. */
export function refund(intent: Intent, operation: GiveBack, clock: Clock): Outcome {
  switch (intent.status) {
    case 'succeeded': {
      const { charge } = intent
      const left = charge.captured - charge.refunded
      const amount = operation.amount ?? left
      if (left === 0) return refused(intent, errors.alreadyRefunded(charge.id))
      if (amount > left) return refused(intent, errors.refundTooLarge(amount, left))
      const { refundId: id, reason, metadata } = operation
      const { currency } = intent
      const about = { id, intentId: intent.id, chargeId: charge.id, amount, currency, reason, metadata }
      return {
        did: 'refunded',
        intent: { ...intent, charge: { ...charge, refunded: charge.refunded + amount } },
        refund: { ...about, created: clock.now, ...courseOf(intent, clock) },
      }
    }
    case 'requires_payment_method':
    case 'requires_confirmation':
    case 'requires_action':
    case 'requires_capture':
    case 'canceled':
      return refused(intent, errors.nothingToRefund(intent))
  }
}

function courseOf(intent: Intent, { refundSettlesAtMs: atMs }: Clock): Pick<Refund, 'status' | 'settles'> {
  switch (refundsTo(intent.paymentMethod)) {
    case 'atOnce':
      return { status: 'succeeded' }
    case 'failsLater':
      return { status: 'succeeded', settles: { atMs, as: 'failed' } }
    case 'pendsFirst':
      return { status: 'pending', settles: { atMs, as: 'succeeded' } }
  }
}

/** What a refund comes to by itself. One that fails puts its money back on the charge, to be refunded again. */
export function settle(intent: Intent, { settles, ...refund }: Refund): Outcome {
  if (settles === undefined || intent.status !== 'succeeded') throw new Error(`${refund.id} has come to its end`)
  const settled = { ...refund, status: settles.as }
  if (settles.as === 'succeeded') return { did: 'settled', intent, refund: settled }
  const charge = { ...intent.charge, refunded: intent.charge.refunded - refund.amount }
  return { did: 'settled', intent: { ...intent, charge }, refund: settled }
}
