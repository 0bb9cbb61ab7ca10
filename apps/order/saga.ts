import { encodeEvent, on, ownJson } from '#contracts'
import type { Participant } from '#messaging'
import { dueAt, type OrderLimits, orderDecider } from './order.ts'
import { orders } from './store.ts'
import type { OrderVocabulary } from './vocabulary.ts'

export type OrderParticipant = Participant<OrderVocabulary>

/** The order's part: it hears what became of the money, decides what that makes of the order, and calls nobody. */
export function orderParticipant(limits: OrderLimits): OrderParticipant {
  return {
    name: 'order-service',
    stream: 'order',
    listensTo: on(
      'payment',
      'PaymentAuthorized',
      'PaymentDeclined',
      'PaymentCaptured',
      'PaymentCaptureFailed',
      'PaymentVoided',
      'PaymentRefunded',
      'PaymentRefundFailed',
      'PaymentOutcomeUnknown',
      'PaymentReviewRequired',
      'PaymentReviewResolved',
    ),
    decide: orderDecider(limits),
    dueAt,
    store: orders,
    encode: encodeEvent,
    effects: {},
    codec: ownJson,
  }
}
