import { encodeEvent, on, ownJson } from '#contracts'
import type { EffectHandler, Participant } from '#messaging'
import { decidePayment, dueAt } from './decide/payment.ts'
import type { Gateway } from './gateway/gateway.ts'
import { payments } from './store.ts'
import type { GatewayAnswer, PaymentVocabulary } from './vocabulary.ts'

export type PaymentParticipant = Participant<PaymentVocabulary>

/**
 * 20 hours, in milliseconds. Stripe remembers a key for 24: an outcome is asked for again under the same key until
 * there are still some hours left, and then a person decides.
 */
const horizonMs = 20 * 60 * 60 * 1000

/** Why nobody answers any more: the horizon has passed. */
const reason = 'no_answer'

export interface PaymentLimits {
  /** One request to the gateway. A call has the time of two: most need one, an authorisation two. */
  readonly gatewayTimeoutMs: number
}

/** Payment's part: it holds the money when an order is placed, takes it when confirmed, returns it when cancelled. */
export function paymentParticipant(gateway: Gateway, { gatewayTimeoutMs }: PaymentLimits): PaymentParticipant {
  const inLane = {
    lane: (_call, orderId) => `${orderId}/gateway`,
    timeoutMs: 2 * gatewayTimeoutMs,
    horizonMs,
  } satisfies Partial<EffectHandler<unknown, GatewayAnswer>>
  return {
    name: 'payment-service',
    stream: 'payment',
    listensTo: on('order', 'OrderPlaced', 'OrderConfirmed', 'OrderCancelled', 'OrderRefundRequested', 'CustomerErased'),
    decide: decidePayment,
    dueAt,
    store: payments,
    encode: encodeEvent,
    codec: ownJson,
    effects: {
      Authorise: {
        ...inLane,
        idempotencyKey: (_hold, orderId) => `${orderId}/authorise`,
        call: (hold, call) => gateway.authorise(hold, call),
        unknown: () => ({ type: 'OutcomeUnknown', operation: 'authorise' }),
        gaveUp: () => ({ type: 'GaveUp', operation: 'authorise', reason }),
        neverSent: () => ({ type: 'NeverSent' }),
      },
      Capture: {
        ...inLane,
        idempotencyKey: (_capture, orderId) => `${orderId}/capture`,
        call: (capture, call) => gateway.capture(capture, call),
        unknown: () => ({ type: 'OutcomeUnknown', operation: 'capture' }),
        gaveUp: () => ({ type: 'GaveUp', operation: 'capture', reason }),
      },
      Void: {
        ...inLane,
        // A hold that was late may be on an intent of its own.
        idempotencyKey: ({ paymentId }, orderId) => `${orderId}/void/${paymentId}`,
        call: (release, call) => gateway.void(release, call),
        unknown: () => ({ type: 'OutcomeUnknown', operation: 'void' }),
        gaveUp: () => ({ type: 'GaveUp', operation: 'void', reason }),
      },
      Refund: {
        ...inLane,
        idempotencyKey: ({ refundId }, orderId) => `${orderId}/refund/${refundId}`,
        call: (refund, call) => gateway.refund(refund, call),
        unknown: ({ refundId }) => ({ type: 'OutcomeUnknown', operation: 'refund', refundId }),
        gaveUp: ({ refundId }) => ({ type: 'GaveUp', operation: 'refund', refundId, reason }),
      },
    },
  }
}
