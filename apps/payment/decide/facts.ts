import { alarm, duplicate, ignored, refused as refusal } from '#messaging'
import type { Captured, Gone, Held, Payment, PaymentVocabulary, Refused, Review, VoidReason } from '../vocabulary.ts'
import {
  type Answer,
  about,
  answeredReviews,
  changed,
  doubted,
  isInReview,
  reviewOf,
  reviewsOf,
  totalsOf,
  withoutRest,
} from './change.ts'

/*
 * What the gateway says about the money itself. Facts rank none < held < gone, taken: one that tells of less than is
 * known is late, so they may come in any order and from anywhere. One that tells of another payment intent than the
 * order's own is an alarm: there is only ever one.
 */

interface Told {
  readonly now: Date
  /** An operator's word: it may contradict what is in the books. */
  readonly trusted: boolean
}

/** Rises above `none`; whatever was asked or in doubt about it has been answered. */
const answered = (payment: Payment): Payment => answeredReviews({ ...payment, operation: null }, () => true)

export function held(payment: Payment, fact: Held): Answer {
  const { position } = payment
  switch (position.at) {
    case 'none': {
      if (notBooked(payment)) return ignored
      // The order is the judge of a wrong amount and will cancel, but not a minute is spent on a wrong hold meanwhile.
      const fits = fact.amountMinor === payment.amountMinor && fact.currency === payment.currency
      return holding(payment, fact, fits ? payment.goal : 'release')
    }
    case 'held':
    case 'taken':
      return position.paymentId === fact.paymentId ? ignored : alarm
    case 'gone':
      // A cancelled intent stays cancelled, so a hold on the same one is old news. After a decline, or one that was
      // never sent, it is real: somebody's money is held for an order that no longer wants it.
      if (position.as !== 'declined' && position.paymentId === fact.paymentId) return ignored
      return holding(payment, fact, 'release')
    default:
      return position satisfies never
  }
}

function holding(payment: Payment, fact: Held, goal: Payment['goal']): Answer {
  const { paymentId, amountMinor, currency, expiresAt } = fact
  const foreign = currency === payment.currency ? {} : { currency }
  const position: Payment['position'] = { at: 'held', paymentId, authorisedMinor: amountMinor, ...foreign, expiresAt }
  return changed(
    { ...answered(payment), goal, position },
    { type: 'PaymentAuthorized', ...about(payment), paymentId, amountMinor, currency, expiresAt },
  )
}

export function refused(payment: Payment, { operation, code }: Refused, now: Date): Answer {
  const asked = payment.operation?.does === operation
  if (!asked && payment.review?.operation !== operation) return ignored
  switch (operation) {
    case 'authorise':
      return changed(
        { ...answered(payment), position: { at: 'gone', as: 'declined', code } },
        { type: 'PaymentDeclined', ...about(payment), code },
      )
    case 'capture':
      if (payment.position.at !== 'held') return ignored
      return changed(
        { ...answered(payment), goal: 'release' },
        { type: 'PaymentCaptureFailed', ...about(payment), code },
      )
    case 'void':
      // Neither gone nor taken, and the gateway will not let go of it: nothing that a machine could try next.
      if (!asked) return ignored
      return changed({ ...answered(payment), review: reviewOf('void', code, { now }) })
    default:
      return operation satisfies never
  }
}

export function captured(payment: Payment, fact: Captured, how: Told): Answer {
  const { position } = payment
  switch (position.at) {
    case 'none':
      return firstCapture(payment, fact, { ...how, authorisedMinor: payment.amountMinor })
    case 'held':
      if (position.paymentId !== fact.paymentId) return alarm
      return firstCapture(payment, fact, { ...how, authorisedMinor: position.authorisedMinor })
    case 'taken':
      if (position.paymentId !== fact.paymentId) return alarm
      return how.trusted ? corrected(payment, fact) : confirmed(payment, fact, how.now)
    case 'gone':
      // Whatever it is, it goes back.
      return firstCapture({ ...payment, goal: 'release' }, fact, { ...how, authorisedMinor: fact.amountMinor })
    default:
      return position satisfies never
  }
}

interface FirstCapture extends Told {
  readonly authorisedMinor: bigint
}

/** An operator may also say that less was taken than had been held. */
function firstCapture(payment: Payment, fact: Captured, { now, trusted, authorisedMinor }: FirstCapture): Answer {
  const exact = fact.amountMinor === authorisedMinor && fact.currency === payment.currency
  if (!exact && trusted && (fact.amountMinor > authorisedMinor || fact.currency !== payment.currency)) {
    return refusal('more_than_authorised')
  }
  if (!exact && !trusted) {
    return notBooked(payment) ? duplicate : doubted(answered(payment), amountDiffers(now))
  }
  const { paymentId, amountMinor: capturedMinor } = fact
  const taken: Payment = {
    ...answered(payment),
    goal: payment.goal === 'release' ? 'release' : 'capture',
    position: { at: 'taken', paymentId, authorisedMinor, capturedMinor, refundedMinor: 0n },
  }
  const says: readonly PaymentVocabulary['said'][] = [
    { type: 'PaymentCaptured', ...about(payment), ...totalsOf(taken) },
  ]
  if (payment.position.at !== 'none') return changed(taken, ...says)
  // The hold that was taken was never heard of, and has ceased to exist.
  const hold = { paymentId, amountMinor: authorisedMinor, currency: payment.currency, expiresAt: now.toISOString() }
  return changed(taken, { type: 'PaymentAuthorized', ...about(payment), ...hold }, ...says)
}

const notBooked = (payment: Payment): boolean => isInReview(payment, { reason: 'amount_differs', refundId: null })

/** Not booked: the books keep what they can prove until an operator has looked. */
const amountDiffers = (now: Date): Review => reviewOf('capture', 'amount_differs', { now })

function confirmed(payment: Payment, fact: Captured, now: Date): Answer {
  const same = fact.amountMinor === totalsOf(payment).capturedMinor && fact.currency === payment.currency
  return same ? duplicate : doubted(payment, amountDiffers(now))
}

/** Ends a contradiction about a capture that is in the books already. */
function corrected(payment: Payment, { amountMinor, currency }: Captured): Answer {
  const { position } = payment
  const isAsked = reviewsOf(payment).some(({ operation }) => operation === 'capture')
  if (position.at !== 'taken' || !isAsked) return ignored
  const possible = amountMinor >= position.refundedMinor && amountMinor <= position.authorisedMinor
  if (!possible || currency !== payment.currency) return refusal('not_between_refunded_and_authorised')
  const after = answeredReviews(payment, ({ operation }) => operation === 'capture')
  if (amountMinor === position.capturedMinor) return changed(after)
  const right = withoutRest({ ...after, position: { ...position, capturedMinor: amountMinor } })
  return changed(right, { type: 'PaymentCaptured', ...about(payment), ...totalsOf(right) })
}

export function gone(payment: Payment, fact: Gone, { now, trusted }: Told): Answer {
  const { position, goal } = payment
  switch (position.at) {
    case 'none':
    case 'held': {
      if (position.at === 'held' && position.paymentId !== fact.paymentId) return alarm
      if (notBooked(payment) && !trusted) return duplicate
      const reason: VoidReason = fact.because === 'expired' ? 'expired' : 'external'
      const as = goal === 'release' ? payment.releaseAs : reason
      const ended: Payment = { ...answered(payment), position: { at: 'gone', as, paymentId: fact.paymentId } }
      const voided = { type: 'PaymentVoided', ...about(payment), reason: as } as const
      if (position.at === 'none' || goal !== 'capture') return changed(ended, voided)
      const code = fact.because === 'expired' ? 'authorisation_expired' : 'voided_externally'
      return changed(ended, { type: 'PaymentCaptureFailed', ...about(payment), code }, voided)
    }
    case 'taken':
      if (position.paymentId !== fact.paymentId) return alarm
      return doubted(payment, reviewOf('capture', 'gone_after_capture', { now }))
    case 'gone':
      return ignored
    default:
      return position satisfies never
  }
}
