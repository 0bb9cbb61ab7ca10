import type { EventOf, HeardBy, SaidBy } from '#contracts'
import type { Decision } from '#messaging'

/** What a customer is told of. `kind` stands in the events of this service. */
export type News =
  | { readonly kind: 'order_confirmed'; readonly amountMinor: bigint }
  /** `amountMinor` was taken and goes back; 0 when nothing had been taken. */
  | {
      readonly kind: 'order_cancelled'
      readonly reason: EventOf<'OrderCancelled'>['reason']
      readonly amountMinor: bigint
    }
  | { readonly kind: 'order_refunded'; readonly amountMinor: bigint; readonly full: boolean }
  | { readonly kind: 'refund_failed' }

/** One mail. It waits for those before it, for there is one lane per order: a customer reads the story in order. */
export type Message = {
  /** 1, 2, 3 … in this order: what its idempotency key is made of. */
  readonly number: number
  readonly news: News
  /** RFC 3339 */
  readonly queuedAt: string
} & (
  | { readonly status: 'queued' | 'sending' | 'cancelled' }
  | { readonly status: 'sent'; readonly providerId: string }
  | { readonly status: 'failed'; readonly code: string }
)

interface Facts {
  readonly orderId: string
  readonly merchantId: string
  readonly currency: string
  readonly totalMinor: bigint
  readonly messages: readonly Message[]
  /** RFC 3339, as all times of a state that rests as JSON. */
  readonly createdAt: string
  readonly updatedAt: string
}
export interface Addressed extends Facts {
  readonly status: 'addressed'
  readonly to: Addressee
}
/** The customer is forgotten: what was sent stays listed, without saying to whom, and nothing more is sent. */
export interface Erased extends Facts {
  readonly status: 'erased'
}
/** All that one order's customer is told. */
export type Notification = Addressed | Erased

export type Addressee = EventOf<'OrderPlaced'>['customer']

export interface SendMail {
  readonly type: 'SendMail'
  readonly number: number
  readonly to: Addressee
  readonly currency: string
  readonly totalMinor: bigint
  readonly news: News
}

export type MailOutcome =
  /** The mail server has taken it. `providerId` is the Message-ID under which it did. */
  | { readonly type: 'MailSent'; readonly providerId: string }
  /** Refused for good. `code` is the server's. */
  | { readonly type: 'MailFailed'; readonly code: string }
  /** Nobody knows whether it was sent, and nobody will. */
  | { readonly type: 'MailGaveUp' }
  /** Taken back before it left. */
  | { readonly type: 'MailWithdrawn' }

/** Nobody commands the notifications of an order: they follow from its events. */
export interface NotificationVocabulary {
  readonly state: Notification
  readonly heard: HeardBy<'notification'>
  readonly said: SaidBy<'notification'>
  readonly command: never
  readonly effect: SendMail
  readonly outcome: MailOutcome
}

export type NotificationDecision = Decision<NotificationVocabulary>
