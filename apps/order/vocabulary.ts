import type { EventOf, HeardBy, SaidBy } from '#contracts'
import type { Decision } from '#messaging'

export type Items = EventOf<'OrderPlaced'>['items']
export type Customer = EventOf<'OrderPlaced'>['customer']
export type CancellationReason = EventOf<'OrderCancelled'>['reason']
export type Totals = Pick<EventOf<'PaymentCaptured'>, 'capturedMinor' | 'refundedMinor'>

export interface Refund {
  readonly id: string
  readonly amountMinor: bigint
  readonly status: 'pending' | 'succeeded' | 'failed'
  readonly reason?: string
}

/** What is true of an order whatever its status. Times are RFC 3339, because the state rests as JSON. */
interface Facts extends Totals {
  readonly orderId: string
  readonly merchantId: string
  readonly currency: string
  readonly totalMinor: bigint
  readonly items: Items
  readonly customer: Customer
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly refunds: readonly Refund[]
  /** An operator is looking at the payment. Orthogonal to the status: it holds nothing up. */
  readonly onHold: boolean
  readonly payBy: string
  /** Remembered after it was revoked, as payBy is. */
  readonly captureBy?: string
  readonly createdAt: string
  readonly updatedAt: string
}

export interface PendingOrder extends Facts {
  readonly status: 'pending'
  readonly settled: false
}
export interface ConfirmedOrder extends Facts {
  readonly status: 'confirmed'
  readonly settled: false
  readonly captureBy: string
}
/** Captured is exactly the total. */
export interface PaidOrder extends Facts {
  readonly status: 'paid'
  readonly settled: true
}
/** Everything captured went back, as the merchant asked. */
export interface RefundedOrder extends Facts {
  readonly status: 'refunded'
  readonly settled: true
}
/** Final from the first moment; settled once payment has answered that no money is held or kept. */
export interface CancelledOrder extends Facts {
  readonly status: 'cancelled'
  readonly settled: boolean
  readonly reason: CancellationReason
}
export type Order = PendingOrder | ConfirmedOrder | PaidOrder | RefundedOrder | CancelledOrder

export interface PlaceOrder {
  readonly type: 'PlaceOrder'
  readonly orderId: string
  readonly merchantId: string
  readonly currency: string
  readonly totalMinor: bigint
  readonly items: Items
  readonly customer: Customer
  readonly paymentMethod: string
  readonly metadata?: Readonly<Record<string, string>> | undefined
}
export interface RequestRefund {
  readonly type: 'RequestRefund'
  readonly refundId: string
  /** Left out: everything that is left. */
  readonly amountMinor?: bigint | undefined
  readonly reason?: string | undefined
}
export type OrderCommand =
  | PlaceOrder
  | { readonly type: 'CancelOrder' }
  | RequestRefund
  | { readonly type: 'EraseCustomer' }

/** The order service calls nobody: no effects, hence no outcomes. */
export interface OrderVocabulary {
  readonly state: Order
  readonly heard: HeardBy<'order'>
  readonly said: SaidBy<'order'>
  readonly command: OrderCommand
  readonly effect: never
  readonly outcome: never
}

export type OrderDecision = Decision<OrderVocabulary>

/** What every event of an order begins with. */
export function about({ orderId, merchantId }: Order): { readonly orderId: string; readonly merchantId: string } {
  return { orderId, merchantId }
}

export function applied(state: Order, ...events: readonly OrderVocabulary['said'][]): OrderDecision {
  return { is: 'applied', state, events, effects: [] }
}
