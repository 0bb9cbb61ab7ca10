import type { EventOf, HeardBy, SaidBy } from '#contracts'

/** The words of the payment service: what it remembers, hears, is told, does and learns. */
export interface PaymentVocabulary {
  readonly state: Payment
  readonly heard: HeardBy<'payment'>
  readonly said: SaidBy<'payment'>
  readonly command: ResolveReview
  readonly effect: GatewayCall
  readonly outcome: GatewayAnswer
}

/**
 * One payment: where the money is, where it should be, what is on its way, and what needs a person. It rests as JSON.
 * The payment method's token is not part of it: it lives in the `Authorise` effect alone, whose row goes with its answer.
 */
export interface Payment {
  readonly orderId: string
  readonly merchantId: string
  /** What the order costs. */
  readonly amountMinor: bigint
  readonly currency: string
  readonly position: Position
  readonly goal: 'hold' | 'capture' | 'release'
  /** What a void will be called: the hold is let go for the order's sake, or because it is about to expire. */
  readonly releaseAs: 'released' | 'expired'
  /** At most one call of the gateway is outstanding. */
  readonly operation: Outstanding | null
  /** While it stands no new call is made. A call that was outstanding when it came still gets its answer. */
  readonly review: Review | null
  /** Came up while that one stood, the oldest first. */
  readonly reviewsBehind?: readonly Review[]
  /** In the order of their wishes; those of others that the gateway tells of too. */
  readonly refunds: readonly Refund[]
  readonly customerErased: boolean
  /** Derived at every decision; kept, so that SQL and the history can read them. */
  readonly status: PaymentStatus
  readonly condition: 'ok' | 'unknown' | 'review'
}

export type PaymentStatus =
  | 'authorising'
  | 'authorised'
  | 'capturing'
  | 'captured'
  | 'partially_refunded'
  | 'refunded'
  | 'voiding'
  | 'voided'
  | 'expired'
  | 'declined'

export type Position =
  | { readonly at: 'none' }
  | {
      readonly at: 'held'
      readonly paymentId: string
      readonly authorisedMinor: bigint
      /** Where it is not the order's. Such a hold is let go. */
      readonly currency?: string
      /** RFC 3339 */
      readonly expiresAt: string
    }
  | {
      readonly at: 'taken'
      readonly paymentId: string
      readonly authorisedMinor: bigint
      readonly capturedMinor: bigint
      readonly refundedMinor: bigint
    }
  | { readonly at: 'gone'; readonly as: 'declined'; readonly code: string }
  /** `paymentId` is null where no payment intent is known to have been cancelled. */
  | { readonly at: 'gone'; readonly as: VoidReason; readonly paymentId: string | null }

export type Taken = Extract<Position, { at: 'taken' }>
export type VoidReason = EventOf<'PaymentVoided'>['reason']
export type OperationName = EventOf<'PaymentOutcomeUnknown'>['operation']

export type Operation =
  | { readonly does: 'authorise' | 'capture' | 'void' }
  | { readonly does: 'refund'; readonly refundId: string; readonly amountMinor: bigint }

/** `since`: RFC 3339, when it was begun or when its outcome became unknown. */
export type Outstanding = Operation & { readonly is: 'running' | 'unknown'; readonly since: string }

export interface Review {
  readonly operation: OperationName
  /** The refund in question, null if it is none. */
  readonly refundId: string | null
  readonly reason: string
  /** RFC 3339 */
  readonly since: string
}

export interface Refund {
  readonly refundId: string
  readonly amountMinor: bigint
  /** Each goes forward only: pending, then succeeded or failed; a bank may reverse one that had succeeded. */
  readonly status: 'pending' | 'succeeded' | 'failed' | 'reversed'
  readonly cause: EventOf<'PaymentRefunded'>['cause']
}

/** An operator's word on what really happened. Only where the machine does not know: in review, or outcome unknown. */
export interface ResolveReview {
  readonly type: 'ResolveReview'
  readonly fact: Fact
  readonly by: string
}

interface Call {
  readonly orderId: string
  readonly merchantId: string
}
interface PaymentCall extends Call {
  /** The gateway's payment intent. */
  readonly paymentId: string
}
interface Amount {
  readonly amountMinor: bigint
  /** ISO 4217, in capitals. */
  readonly currency: string
}
export interface Authorise extends Call, Amount {
  readonly type: 'Authorise'
  /** The gateway's token. Card data never enters. */
  readonly paymentMethod: string
}
export interface Capture extends PaymentCall, Amount {
  readonly type: 'Capture'
}
export interface Void extends PaymentCall {
  readonly type: 'Void'
}
export interface RefundCall extends PaymentCall, Amount {
  readonly type: 'Refund'
  readonly refundId: string
}

/** What leaves the building. */
export type GatewayCall = Authorise | Capture | Void | RefundCall

/** Which call an answer belongs to. */
export type Attempt =
  | { readonly operation: 'authorise' | 'capture' | 'void' }
  | { readonly operation: 'refund'; readonly refundId: string }

export interface Held extends Amount {
  readonly type: 'Held'
  readonly paymentId: string
  /** RFC 3339 */
  readonly expiresAt: string
}
/** Refused for good, and nothing moved. A refused refund is `RefundFailed`. */
export interface Refused {
  readonly type: 'Refused'
  readonly operation: 'authorise' | 'capture' | 'void'
  readonly code: string
}
export interface Captured extends Amount {
  readonly type: 'Captured'
  readonly paymentId: string
}
/** The hold no longer exists and nothing was taken. */
export interface Gone {
  readonly type: 'Gone'
  readonly paymentId: string
  readonly because: 'cancelled' | 'expired'
}
export interface RefundSucceeded {
  readonly type: 'RefundSucceeded'
  /** Ours where the gateway knows it, else the gateway's own. */
  readonly refundId: string
  readonly amountMinor: bigint
}
/** Also later, when the customer's bank sends the money back. */
export interface RefundFailed {
  readonly type: 'RefundFailed'
  readonly refundId: string
  readonly code: string
}

/** What is true at the gateway, whoever says it: a call's answer, a webhook, a look-up or an operator. */
export type Fact = Held | Refused | Captured | Gone | RefundSucceeded | RefundFailed

export type OutcomeUnknown = { readonly type: 'OutcomeUnknown' } & Attempt
/** There will be no answer: the horizon has passed, or the gateway's answer cannot be right. */
export type GaveUp = { readonly type: 'GaveUp'; readonly reason: string } & Attempt
/** The authorise was taken back before it had left. */
export interface NeverSent {
  readonly type: 'NeverSent'
}

export type GatewayAnswer = Fact | OutcomeUnknown | GaveUp | NeverSent
