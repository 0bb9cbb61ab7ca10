import { dueAt as orderDueAt } from '../../apps/order/order.ts'
import { orderParticipant } from '../../apps/order/saga.ts'
import type { Order, OrderVocabulary } from '../../apps/order/vocabulary.ts'
import { dueAt as paymentDueAt } from '../../apps/payment/decide/payment.ts'
import { paymentParticipant } from '../../apps/payment/saga.ts'
import type { GatewayAnswer, GatewayCall, Payment, PaymentVocabulary } from '../../apps/payment/vocabulary.ts'
import { limits } from '../unit/order/orders.ts'
import { type Truth, untouched } from './gateway-truth.ts'

export type OrderEvent = PaymentVocabulary['heard']
export type PaymentEvent = OrderVocabulary['heard']

/** The row of a call, and how far the call has come. */
export interface Call {
  readonly effect: GatewayCall
  /** `queued`: no runner has leased it, it may be withdrawn. `performed`: the answer is on its way. */
  readonly is: 'queued' | 'leased' | 'performed'
  /** An earlier attempt may have left: nothing is provable any more. */
  readonly tried: boolean
  readonly answer: GatewayAnswer | null
}

/** Order × payment × what is on its way between them × the gateway. */
export interface Product {
  readonly order: Order | undefined
  readonly payment: Payment | undefined
  /** In the order of their versions. Types that payment does not listen to are left out: they change nothing there. */
  readonly toPayment: readonly OrderEvent[]
  readonly toOrder: readonly PaymentEvent[]
  readonly call: Call | null
  readonly truth: Truth
}

export const nothing: Product = {
  order: undefined,
  payment: undefined,
  toPayment: [],
  toOrder: [],
  call: null,
  truth: untouched,
}

const never = () => Promise.reject(new Error('The search makes no calls'))
export const order = orderParticipant(limits)
export const payment = paymentParticipant(
  { authorise: never, capture: never, void: never, refund: never },
  { gatewayTimeoutMs: 1_000 },
)

/** What payment listens to of all that the order says. */
export function isForPayment(event: OrderVocabulary['said']): event is OrderEvent {
  return Object.hasOwn(payment.listensTo.parse, event.type)
}

export const deadlines = {
  order: (state: Order | undefined) => (state === undefined ? undefined : orderDueAt(state)),
  payment: (state: Payment | undefined) => (state === undefined ? undefined : paymentDueAt(state)),
}

/** Times, which nothing but a deadline is decided by, and what never changes. */
const irrelevant = new Set([
  'payBy',
  'captureBy',
  'createdAt',
  'updatedAt',
  'expiresAt',
  'since',
  'orderId',
  'merchantId',
  'items',
  'customer',
])
const plain = (name: string, value: unknown): unknown => {
  if (irrelevant.has(name)) return undefined
  return typeof value === 'bigint' ? `${value}` : value
}

/** A short name for what a value says, the same for values that say the same. */
export class Names {
  readonly #byText = new Map<string, number>()
  readonly #byValue = new WeakMap<object, number>()

  of(value: object | null | undefined): number {
    if (value === null || value === undefined) return 0
    const known = this.#byValue.get(value)
    if (known !== undefined) return known
    const text = JSON.stringify(value, plain)
    const number = this.#byText.get(text) ?? this.#byText.size + 1
    this.#byText.set(text, number)
    this.#byValue.set(value, number)
    return number
  }

  product({ order, payment, toPayment, toOrder, call, truth }: Product): string {
    const list = (values: readonly object[]) => values.map((value) => this.of(value)).join(',')
    const rest = [order, payment, call, truth].map((value) => this.of(value)).join(';')
    return `${rest};${list(toPayment)};${list(toOrder)}`
  }
}
