import type { EventOf, EventType } from './events.ts'

export type Service = 'order' | 'payment' | 'notification'
export type Stream = Service | 'operations'

interface Step {
  /** The outbox stream that carries it, published to the topic `<stream>.events`. A service's stream is its own alone. */
  readonly in: Stream
  readonly heardBy: readonly Service[]
  /** What this event replies to. */
  readonly answers?: readonly EventType[]
  /** What this event undoes. */
  readonly compensates?: readonly EventType[]
}

/** Who says what to whom: the whole saga on one screen. */
export const choreography = {
  OrderPlaced: { in: 'order', heardBy: ['payment', 'notification'] },
  OrderConfirmed: { in: 'order', heardBy: ['payment', 'notification'], answers: ['PaymentAuthorized'] },
  OrderPaid: { in: 'order', heardBy: ['notification'], answers: ['PaymentCaptured'] },
  OrderCancelled: {
    in: 'order',
    heardBy: ['payment', 'notification'],
    compensates: ['PaymentAuthorized', 'PaymentCaptured'],
  },
  OrderSettlementChanged: {
    in: 'order',
    heardBy: ['notification'],
    answers: ['PaymentDeclined', 'PaymentVoided', 'PaymentCaptured', 'PaymentRefunded'],
  },
  OrderRefundRequested: { in: 'order', heardBy: ['payment'] },
  OrderRefunded: { in: 'order', heardBy: ['notification'], answers: ['PaymentRefunded'] },
  OrderRefundFailed: { in: 'order', heardBy: ['notification'], answers: ['PaymentRefundFailed'] },
  OrderOnHold: { in: 'order', heardBy: ['notification'], answers: ['PaymentReviewRequired'] },
  OrderResumed: { in: 'order', heardBy: ['notification'], answers: ['PaymentReviewResolved'] },
  CustomerErased: { in: 'order', heardBy: ['payment', 'notification'] },

  PaymentAuthorized: { in: 'payment', heardBy: ['order'], answers: ['OrderPlaced'] },
  PaymentDeclined: { in: 'payment', heardBy: ['order'], answers: ['OrderPlaced'] },
  PaymentCaptured: { in: 'payment', heardBy: ['order'], answers: ['OrderConfirmed'] },
  PaymentCaptureFailed: { in: 'payment', heardBy: ['order'], answers: ['OrderConfirmed'] },
  PaymentVoided: { in: 'payment', heardBy: ['order'], answers: ['OrderCancelled'] },
  PaymentRefunded: { in: 'payment', heardBy: ['order'], answers: ['OrderRefundRequested', 'OrderCancelled'] },
  PaymentRefundFailed: {
    in: 'payment',
    heardBy: ['order'],
    answers: ['OrderRefundRequested'],
    compensates: ['PaymentRefunded'],
  },
  PaymentOutcomeUnknown: { in: 'payment', heardBy: ['order'] },
  PaymentReviewRequired: { in: 'payment', heardBy: ['order'] },
  PaymentReviewResolved: { in: 'payment', heardBy: ['order'] },

  NotificationSent: { in: 'notification', heardBy: [], answers: ['OrderConfirmed', 'OrderCancelled', 'OrderRefunded'] },
  NotificationFailed: { in: 'notification', heardBy: [] },
  WebhookDelivered: { in: 'notification', heardBy: [] },
  WebhookDeliveryFailed: { in: 'notification', heardBy: [] },
  WebhookEndpointDisabled: { in: 'notification', heardBy: [] },

  MessageParked: { in: 'operations', heardBy: [] },
  MessageDead: { in: 'operations', heardBy: [] },
  MessageRedriven: { in: 'operations', heardBy: [] },
  MessageDiscarded: { in: 'operations', heardBy: [] },
  EffectGaveUp: { in: 'operations', heardBy: [] },
  RowReemitted: { in: 'operations', heardBy: [] },
  RelayHealed: { in: 'operations', heardBy: [] },
} as const satisfies { readonly [Type in EventType]: Step }

type Choreography = typeof choreography
type TypesHeardBy<S extends Service> = {
  [T in EventType]: S extends Choreography[T]['heardBy'][number] ? T : never
}[EventType]
type TypesIn<S extends Stream> = { [T in EventType]: Choreography[T]['in'] extends S ? T : never }[EventType]

/** Every event that a service must listen to: its `listensTo` does not compile while one is missing. */
export type HeardBy<S extends Service> = EventOf<TypesHeardBy<S>>

/** Every event that a service may say: a `decide` that says another one does not compile. */
export type SaidBy<S extends Service> = EventOf<TypesIn<S>>

export const topicOf = (stream: Stream): string => `${stream}.events`
