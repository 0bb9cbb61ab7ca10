import { verdictOn } from './cards.ts'
import { errors } from './errors.ts'
import type { Entry, GatewayError, Intent, Refund } from './state.ts'

export interface Confirm {
  readonly type: 'confirm'
  readonly chargeId: string
  readonly paymentMethod?: string | undefined
}
export interface Capture {
  readonly type: 'capture'
  readonly amount?: number | undefined
}
export interface Cancel {
  readonly type: 'cancel'
  readonly reason: (Intent & { status: 'canceled' })['reason']
}
export interface GiveBack {
  readonly type: 'refund'
  readonly refundId: string
  readonly amount?: number | undefined
  readonly reason: string | null
  readonly metadata: Readonly<Record<string, string>>
}
export type Operation = Confirm | Capture | Cancel | GiveBack

/** What an operation made of an intent. A declined card both changes it and is an error. */
export interface Outcome {
  readonly did: Entry['did']
  readonly intent: Intent
  readonly refund?: Refund
  readonly error?: GatewayError
}

/** Unix seconds. */
export interface Clock {
  readonly now: number
  readonly holdSeconds: number
}

/** Pure. Every state takes every operation: it moves on, or the operation is refused and the intent stays as it is. */
export function operate(current: Intent, operation: Operation, clock: Clock): Outcome {
  const intent = lapse(current, clock.now)
  switch (operation.type) {
    case 'confirm':
      return confirm(intent, operation, clock)
    case 'capture':
      return capture(intent, operation)
    case 'cancel':
      return cancel(intent, operation, clock)
    case 'refund':
      return refund(intent, operation, clock)
  }
}

/** A hold that was not captured in time is let go by the issuer, without anybody's request. */
export function lapse(intent: Intent, now: number): Intent {
  if (intent.status !== 'requires_capture') return intent
  const { captureBefore } = intent.charge
  if (captureBefore === null || now < captureBefore) return intent
  return { ...intent, status: 'canceled', reason: 'expired', canceledAt: captureBefore }
}

const refused = (intent: Intent, error: GatewayError): Outcome => ({ did: 'refused', intent, error })

function confirm(intent: Intent, operation: Confirm, clock: Clock): Outcome {
  switch (intent.status) {
    case 'requires_payment_method':
    case 'requires_confirmation':
    case 'requires_action': {
      const paymentMethod = operation.paymentMethod ?? intent.paymentMethod
      if (paymentMethod === null) return refused(intent, errors.noPaymentMethod)
      return charge(intent, { id: operation.chargeId, paymentMethod }, clock)
    }
    case 'requires_capture':
    case 'succeeded':
    case 'canceled':
      return refused(intent, errors.cannotConfirm(intent))
  }
}

function charge(intent: Intent, attempt: { id: string; paymentMethod: string }, { now, holdSeconds }: Clock): Outcome {
  const { id, amount, currency, captureMethod, metadata, created } = intent
  const about = { id, amount, currency, captureMethod, metadata, created }
  const { paymentMethod } = attempt
  const verdict = verdictOn(paymentMethod)
  if (verdict === undefined) return refused(intent, errors.noSuchPaymentMethod(paymentMethod))
  switch (verdict.is) {
    case 'challenged':
      return { did: 'challenged', intent: { ...about, status: 'requires_action', paymentMethod } }
    case 'declined': {
      const { code, declineCode, message } = verdict
      const decline = { code, declineCode, message, chargeId: attempt.id, paymentMethod }
      return {
        did: 'declined',
        intent: { ...about, status: 'requires_payment_method', paymentMethod: null, decline },
        error: { status: 402, type: 'card_error', code, declineCode, message, charge: attempt.id },
      }
    }
    case 'approved': {
      const { brand, last4 } = verdict
      const held = { id: attempt.id, card: { brand, last4 }, authorised: amount, refunded: 0, created: now }
      return captureMethod === 'manual'
        ? {
            did: 'authorised',
            intent: {
              ...about,
              status: 'requires_capture',
              paymentMethod,
              charge: { ...held, captured: 0, captureBefore: now + holdSeconds },
            },
          }
        : {
            did: 'captured',
            intent: {
              ...about,
              status: 'succeeded',
              paymentMethod,
              charge: { ...held, captured: amount, captureBefore: null },
            },
          }
    }
  }
}

/** Once only: what is not captured then is let go. */
function capture(intent: Intent, { amount }: Capture): Outcome {
  switch (intent.status) {
    case 'requires_capture': {
      const captured = amount ?? intent.charge.authorised
      if (captured > intent.charge.authorised) return refused(intent, errors.captureTooLarge(intent.charge.authorised))
      return { did: 'captured', intent: { ...intent, status: 'succeeded', charge: { ...intent.charge, captured } } }
    }
    case 'canceled':
      return refused(intent, intent.reason === 'expired' ? errors.holdExpired : errors.cannotCapture(intent))
    case 'requires_payment_method':
    case 'requires_confirmation':
    case 'requires_action':
    case 'succeeded':
      return refused(intent, errors.cannotCapture(intent))
  }
}

function cancel(intent: Intent, { reason }: Cancel, { now }: Clock): Outcome {
  switch (intent.status) {
    case 'requires_payment_method':
    case 'requires_confirmation':
    case 'requires_action':
    case 'requires_capture':
      return { did: 'canceled', intent: { ...intent, status: 'canceled', reason, canceledAt: now } }
    case 'succeeded':
    case 'canceled':
      return refused(intent, errors.cannotCancel(intent))
  }
}

function refund(intent: Intent, operation: GiveBack, { now }: Clock): Outcome {
  switch (intent.status) {
    case 'succeeded': {
      const { charge } = intent
      const left = charge.captured - charge.refunded
      const amount = operation.amount ?? left
      if (left === 0) return refused(intent, errors.alreadyRefunded(charge.id))
      if (amount > left) return refused(intent, errors.refundTooLarge(amount, left))
      const { refundId: id, reason, metadata } = operation
      return {
        did: 'refunded',
        intent: { ...intent, charge: { ...charge, refunded: charge.refunded + amount } },
        refund: {
          id,
          intentId: intent.id,
          chargeId: charge.id,
          amount,
          currency: intent.currency,
          reason,
          metadata,
          created: now,
        },
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
