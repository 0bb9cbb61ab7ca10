import { z } from 'zod'

/** What is kept of an event. It is a hint that something has changed; what is true is looked up. */
export interface GatewayEvent {
  readonly id: string
  readonly type: string
  readonly objectId: string | null
  /** The payment intent to be looked up, if it is about one. */
  readonly paymentId: string | null
  readonly isAboutRefunds: boolean
  readonly createdAt: Date
  /** What there is to learn from it: nothing from a dispute, which is for a person, and from what is none of ours. */
  readonly is: 'payment' | 'dispute' | 'other'
}

const id = z.string().regex(/^[\w.-]{1,255}$/)
/** An id, or the object itself where the account has it expanded. */
const reference = z.union([id, z.object({ id }).transform((object) => object.id)])

const envelope = z.object({
  id,
  type: id,
  created: z.int().min(0).max(8_640_000_000_000),
  data: z.object({
    object: z.object({
      object: z.string(),
      id: id.nullable().catch(null),
      payment_intent: reference.nullable().catch(null),
    }),
  }),
})

/** @returns undefined for what is no event, whoever signed it */
export function eventOf(body: string): GatewayEvent | undefined {
  const parsed = envelope.safeParse(jsonOf(body))
  if (!parsed.success) return undefined
  const { id, type, created, data } = parsed.data
  const { object, id: objectId, payment_intent: intentId } = data.object
  const about = { id, type, objectId, createdAt: new Date(created * 1_000) }
  const nothing = { ...about, paymentId: null, isAboutRefunds: false }
  if (object === 'dispute') return { ...nothing, is: 'dispute' }
  const paymentId = object === 'payment_intent' ? objectId : intentId
  const isPayment = object === 'payment_intent' || object === 'charge' || object === 'refund'
  if (!isPayment || paymentId === null) return { ...nothing, is: 'other' }
  return { ...about, paymentId, isAboutRefunds: object === 'refund', is: 'payment' }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
