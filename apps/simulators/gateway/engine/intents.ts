import { verdictOn } from './cards.ts'
import { errors } from './errors.ts'
import { type Clock, type Outcome, refused } from './outcome.ts'
import { type GiveBack, refund } from './refunds.ts'
import type { Intent } from './state.ts'

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
/** The time of a hold is up: asked for by nobody. */
export interface Lapse {
  readonly type: 'lapse'
}
export type Operation = Confirm | Capture | Cancel | GiveBack | Lapse

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
    case 'lapse':
      return intent === current ? refused(intent, errors.cannotCancel(intent)) : { did: 'canceled', intent }
  }
}

/** A hold that was not captured in time is let go by the issuer, without anybody's request. */
export function lapse(intent: Intent, now: number): Intent {
  if (intent.status !== 'requires_capture') return intent
  const { captureBefore } = intent.charge
  if (captureBefore === null || now < captureBefore) return intent
  return { ...intent, status: 'canceled', reason: 'expired', canceledAt: captureBefore }
}

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
