import type { z } from 'zod'
import type { events } from '../../../apps/shared/contracts/events.ts'

export const orderTopic = 'baseline.order.events'
export const paymentTopic = 'baseline.payment.events'

/** Where each is said. */
export const topicOf = {
  OrderPlaced: orderTopic,
  OrderConfirmed: orderTopic,
  OrderPaid: orderTopic,
  PaymentAuthorized: paymentTopic,
  PaymentCaptured: paymentTopic,
} as const

export type EventType = keyof typeof topicOf

/** Word for word what ours carry, as it stands in JSON: the bytes on the wire are comparable. */
export type Payload<Type extends EventType> = z.input<(typeof events)[Type]>

/** What a process does with one type of message. */
export interface Listener {
  readonly type: EventType
  readonly take: (text: string) => Promise<void>
}

/** A listener trusts what its neighbours say: nothing is checked but by the compiler, which is the fastest way. */
export function on<Type extends EventType>(type: Type, take: (payload: Payload<Type>) => Promise<void>): Listener {
  return { type, take: (text) => take(JSON.parse(text)) }
}
