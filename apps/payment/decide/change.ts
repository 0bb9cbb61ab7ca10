import { type Decision, duplicate } from '#messaging'
import type {
  GatewayCall,
  Operation,
  OperationName,
  Payment,
  PaymentVocabulary,
  Refund,
  Review,
} from '../vocabulary.ts'
import { callFor, next } from './next.ts'
import { conditionOf, statusOf } from './status.ts'

type Said = PaymentVocabulary['said']
type Applied = Extract<Decision<PaymentVocabulary>, { is: 'applied' }>

/** What an input changes, before it is known what follows from that. */
export interface Change {
  readonly is: 'change'
  readonly payment: Payment
  readonly says: readonly Said[]
  readonly withdraws?: Applied['withdraws']
  /** Set by an operator's word. */
  readonly resolved?: Resolved
}
interface Resolved {
  readonly as: string
  readonly by: string
}

/** An input's meaning: a change, or one of the answers that change nothing. */
export type Answer = Change | Exclude<Decision<PaymentVocabulary>, { is: 'applied' }>

export const changed = (payment: Payment, ...says: readonly Said[]): Change => ({ is: 'change', payment, says })

export const about = ({ orderId, merchantId }: Payment) => ({ orderId, merchantId })

export function totalsOf({ position }: Payment): { readonly capturedMinor: bigint; readonly refundedMinor: bigint } {
  if (position.at !== 'taken') return { capturedMinor: 0n, refundedMinor: 0n }
  const { capturedMinor, refundedMinor } = position
  return { capturedMinor, refundedMinor }
}

export function refundFailed(payment: Payment, refundId: string, how: { code: string; reversed: boolean }): Said {
  return {
    type: 'PaymentRefundFailed',
    ...about(payment),
    refundId,
    code: how.code,
    ...totalsOf(payment),
    reversed: how.reversed,
  }
}

export function reviewOf(operation: OperationName, reason: string, how: { now: Date; refundId?: string }): Review {
  return { operation, refundId: how.refundId ?? null, reason, since: how.now.toISOString() }
}

/** A person answers one question at a time: what comes up meanwhile waits behind it. */
export const inReview = (payment: Payment, review: Review): Payment =>
  isInReview(payment, review) ? payment : withReviews(payment, [...reviewsOf(payment), review])

/** A doubt about what is in the books: they stay as they are, and a person looks. */
export const doubted = (payment: Payment, review: Review): Answer =>
  isInReview(payment, review) ? duplicate : changed(inReview(payment, review))

export function isInReview(payment: Payment, { reason, refundId }: Pick<Review, 'reason' | 'refundId'>): boolean {
  return reviewsOf(payment).some((known) => known.reason === reason && known.refundId === refundId)
}

/** Takes away the questions that have their answer. */
export const answeredReviews = (payment: Payment, isAnswered: (review: Review) => boolean): Payment =>
  withReviews(
    payment,
    reviewsOf(payment).filter((review) => !isAnswered(review)),
  )

/** A review about money that had to go back has its answer when nothing is left. */
export function withoutRest(payment: Payment): Payment {
  const { capturedMinor, refundedMinor } = totalsOf(payment)
  if (capturedMinor !== refundedMinor) return payment
  return answeredReviews(payment, ({ reason }) => reason === 'refund_failed')
}

/** The one that is asked, and those behind it. */
export const reviewsOf = ({ review, reviewsBehind = [] }: Payment): readonly Review[] =>
  review === null ? [] : [review, ...reviewsBehind]

function withReviews(payment: Payment, [first, ...behind]: readonly Review[]): Payment {
  const { reviewsBehind: _, ...rest } = payment
  return { ...rest, review: first ?? null, ...(behind.length === 0 ? {} : { reviewsBehind: behind }) }
}

/** Turns a change into the decision: what is said about reviews, and the next operation with its call. */
export function conclude(
  before: Payment,
  change: Change,
  cause: { readonly type: string; readonly now: Date },
): Applied {
  const resolved = change.resolved ?? { as: cause.type, by: 'gateway' }
  const says = [...change.says, ...saidOfReviews(before, change, resolved)]
  const { payment, effects } = advance(change.payment, says, cause.now)
  return {
    is: 'applied',
    state: labelled(payment),
    events: says,
    effects,
    ...(change.withdraws === undefined ? {} : { withdraws: change.withdraws }),
    ...settledBy(before.operation, change.payment.operation),
  }
}

const callOf = { authorise: 'Authorise', capture: 'Capture', void: 'Void', refund: 'Refund' } as const

/** What was outstanding and is not any more has its answer, whoever gave it. */
function settledBy(before: Operation | null, after: Operation | null): Pick<Applied, 'settles'> {
  return before === null || after !== null ? {} : { settles: [callOf[before.does]] }
}

function labelled(payment: Payment): Payment {
  return { ...payment, status: statusOf(payment), condition: conditionOf(payment) }
}

/** The order is on hold from the one to the other, so a fact that ends a review by itself has to say so too. */
function saidOfReviews(
  before: Payment,
  { payment, resolved: byOperator }: Change,
  resolved: Resolved,
): readonly Said[] {
  const says: Said[] = []
  const replaced = before.review !== payment.review
  if (byOperator !== undefined || (before.review !== null && replaced)) {
    says.push({ type: 'PaymentReviewResolved', ...about(payment), ...resolved })
  }
  if (payment.review !== null && replaced) {
    const { operation, reason } = payment.review
    says.push({ type: 'PaymentReviewRequired', ...about(payment), operation, reason })
  }
  return says
}

/** Adds to `says`. Each round settles one unfit wish or is the last, so it ends. */
function advance(payment: Payment, says: Said[], now: Date): { payment: Payment; effects: readonly GatewayCall[] } {
  const then = next(payment)
  switch (then.is) {
    case 'nothing':
      return { payment, effects: [] }
    case 'neverCharged':
      says.push({ type: 'PaymentVoided', ...about(payment), reason: 'never_charged' })
      return { payment: { ...payment, position: { at: 'gone', as: 'never_charged', paymentId: null } }, effects: [] }
    case 'unfit':
      says.push(refundFailed(payment, then.refund.refundId, { code: 'exceeds', reversed: false }))
      return advance({ ...payment, refunds: withRefund(payment, { ...then.refund, status: 'failed' }) }, says, now)
    case 'operation': {
      const { operation } = then
      const begun: Payment = { ...payment, operation: { ...operation, is: 'running', since: now.toISOString() } }
      const effects = callFor(payment, operation)
      if (operation.does !== 'refund' || payment.refunds.some(({ refundId }) => refundId === operation.refundId)) {
        return { payment: begun, effects }
      }
      const { refundId, amountMinor } = operation
      const rest: Refund = { refundId, amountMinor, status: 'pending', cause: 'released' }
      return { payment: { ...begun, refunds: [...payment.refunds, rest] }, effects }
    }
    default:
      return then satisfies never
  }
}

/** The refunds with this one in its place, or at the end when it is new. */
export function withRefund({ refunds }: Payment, refund: Refund): readonly Refund[] {
  const known = refunds.some(({ refundId }) => refundId === refund.refundId)
  if (!known) return [...refunds, refund]
  return refunds.map((each) => (each.refundId === refund.refundId ? refund : each))
}
