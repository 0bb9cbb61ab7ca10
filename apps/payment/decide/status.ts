import type { Payment, PaymentStatus } from '../vocabulary.ts'

/** The payment in one word, for people and for SQL. Nothing is decided by it. */
export function statusOf({ position, operation, review, goal }: Payment): PaymentStatus {
  switch (position.at) {
    case 'none':
      return 'authorising'
    case 'held':
      switch (operation?.does ?? review?.operation ?? goal) {
        case 'capture':
          return 'capturing'
        case 'void':
        case 'release':
          return 'voiding'
        default:
          return 'authorised'
      }
    case 'taken':
      if (position.refundedMinor === 0n) return 'captured'
      return position.refundedMinor < position.capturedMinor ? 'partially_refunded' : 'refunded'
    case 'gone':
      return position.as === 'declined' || position.as === 'expired' ? position.as : 'voided'
    default:
      return position satisfies never
  }
}

export function conditionOf({ operation, review }: Payment): Payment['condition'] {
  if (review !== null) return 'review'
  return operation?.is === 'unknown' ? 'unknown' : 'ok'
}
