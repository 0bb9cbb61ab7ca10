import type { Input } from '#messaging'
import type { OrderVocabulary } from '../../apps/order/vocabulary.ts'
import type { Fact, GatewayAnswer, GatewayCall, PaymentVocabulary } from '../../apps/payment/vocabulary.ts'
import { handlerOf } from '../../apps/shared/messaging/types/vocabulary.ts'
import { ids, now } from '../unit/payment/decide/inputs.ts'
import { type Arriving, type Step, stepOf } from './aggregates.ts'
import { disturbances, facts, performances, type Truth } from './gateway-truth.ts'
import { type Call, deadlines, isForPayment, Names, order, type Product, payment } from './product.ts'

/** One thing that can happen next, and the product after it. */
export interface Move {
  readonly name: string
  /** `wish`: somebody may want it or not; `trouble`: it may go wrong or not; `course`: it will happen if nothing else does. */
  readonly is: 'wish' | 'trouble' | 'course'
  readonly to: Product
  readonly orderStep?: Local<OrderVocabulary>
  readonly paymentStep?: Local<PaymentVocabulary>
}

/** A step together with what it was made from, for whoever judges it. */
export interface Local<V extends Vocab> extends Step<V> {
  readonly before: V['state'] | undefined
  readonly arriving: Arriving<V>
}
type Vocab = OrderVocabulary | PaymentVocabulary

const place: Input<OrderVocabulary> = {
  ...ids,
  type: 'PlaceOrder',
  currency: 'EUR',
  totalMinor: 1_000n,
  items: [{ sku: 'pin', quantity: 10, unitPriceMinor: 100n }],
  customer: { email: 'ada@example.com' },
  paymentMethod: 'pm_card_visa',
}
/** One refund at most: both wishes have the same id. */
const wishes: readonly Input<OrderVocabulary>[] = [
  { type: 'CancelOrder' },
  { type: 'RequestRefund', refundId: 'r1', amountMinor: 300n },
  { type: 'RequestRefund', refundId: 'r1' },
]

const deadline = [{ type: 'DeadlineReached' }] as const

/** The world as it goes on from a product. Steps of the aggregates are remembered: few differ, however many products. */
export class Moves {
  readonly names = new Names()
  readonly #orderSteps = new Map<string, Local<OrderVocabulary>>()
  readonly #paymentSteps = new Map<string, Local<PaymentVocabulary>>()
  readonly #calls = new WeakMap<GatewayCall, Call>()
  readonly #elsewhere = new Map<string, { readonly facts: readonly Fact[]; readonly disturbances: readonly Truth[] }>()

  from(product: Product): readonly Move[] {
    if (product.order === undefined) return [this.#order(product, { name: 'place', is: 'wish', inputs: [place] })]
    const { truth } = product
    const elsewhere = remembered(this.#elsewhere, `${this.names.of(truth)}`, () => ({
      facts: facts(truth),
      disturbances: disturbances(truth),
    }))
    return [
      ...wishes.map((wish) => this.#order(product, { name: inWords(wish), is: 'wish', inputs: [wish] })),
      ...this.#deliveries(product),
      ...this.#deadlines(product),
      ...this.#callMoves(product),
      ...elsewhere.facts.map((fact) => this.#learn(product, fact)),
      ...elsewhere.disturbances.map(
        (after): Move => ({ name: after.disturbed.at(-1) ?? '', is: 'trouble', to: { ...product, truth: after } }),
      ),
    ]
  }

  /** The first in flight, or all of them in one batch. */
  #deliveries(product: Product): readonly Move[] {
    const { toOrder, toPayment } = product
    const batches = <Event>(events: readonly Event[]) =>
      events.length === 0 ? [] : events.length === 1 ? [events] : [events.slice(0, 1), events]
    return [
      ...batches(toOrder).map((messages) => {
        const rest = { ...product, toOrder: toOrder.slice(messages.length) }
        return this.#order(rest, { name: `order hears ${messages.map(inWords).join(', ')}`, is: 'course', messages })
      }),
      ...batches(toPayment).map((messages) => {
        const rest = { ...product, toPayment: toPayment.slice(messages.length) }
        const name = `payment hears ${messages.map(inWords).join(', ')}`
        return this.#payment(rest, { name, is: 'course', messages })
      }),
    ]
  }

  /** Too early for one that is feared, and just in time for one that is due. */
  #deadlines(product: Product): readonly Move[] {
    const [orderDue, paymentDue] = [deadlines.order(product.order), deadlines.payment(product.payment)]
    return [
      this.#order(product, { name: 'order: early deadline', is: 'trouble', inputs: deadline }),
      ...(orderDue === undefined
        ? []
        : [this.#order(product, { name: 'order: deadline', is: 'course', inputs: deadline, now: orderDue })]),
      ...(product.payment === undefined
        ? []
        : [this.#payment(product, { name: 'payment: early deadline', is: 'trouble', inputs: deadline })]),
      ...(paymentDue === undefined
        ? []
        : [this.#payment(product, { name: 'payment: deadline', is: 'course', inputs: deadline, now: paymentDue })]),
    ]
  }

  #callMoves(product: Product): readonly Move[] {
    const { call, truth } = product
    if (call === null) return []
    const { effect } = call
    const name = (what: string) => `${effect.type} ${what}`
    const becomes = (after: Partial<Call>): Product => ({ ...product, call: { ...call, ...after } })
    const handler = handlerOf<PaymentVocabulary>(payment, effect.type)
    const unknown = handler.unknown?.(effect)
    switch (call.is) {
      case 'queued':
        return [{ name: name('is leased'), is: 'course', to: becomes({ is: 'leased' }) }]
      case 'leased': {
        const lost = becomes({ tried: true })
        return [
          ...performances(truth, effect).map(
            ({ how, truth: after, answer }): Move => ({
              name: name(`is performed: ${how}`),
              is: 'course',
              to: { ...becomes({ is: 'performed', answer }), truth: after },
            }),
          ),
          ...(call.tried
            ? []
            : [{ name: name('is not performed'), is: 'trouble', to: becomes({ is: 'queued' }) } as const]),
          ...(unknown === undefined
            ? []
            : [this.#outcome(lost, { name: name('is lost'), is: 'trouble', answer: unknown })]),
          this.#outcome(
            { ...product, call: null },
            { name: name('is given up'), is: 'trouble', answer: handler.gaveUp(effect) },
          ),
        ]
      }
      case 'performed': {
        const again = becomes({ is: 'leased', tried: true, answer: null })
        const { answer } = call
        return [
          ...(answer === null
            ? []
            : [
                this.#outcome(
                  { ...product, call: null },
                  { name: name(`is answered ${answer.type}`), is: 'course', answer },
                ),
              ]),
          ...(unknown === undefined
            ? []
            : [
                this.#outcome(again, {
                  name: name('is performed and its answer lost'),
                  is: 'trouble',
                  answer: unknown,
                }),
              ]),
          { name: name('is performed and its runner dies'), is: 'trouble', to: again },
        ]
      }
    }
  }

  #outcome(
    product: Product,
    { name, is, answer }: Pick<Move, 'name' | 'is'> & { readonly answer: GatewayAnswer },
  ): Move {
    return this.#payment(product, { name, is, inputs: [answer] })
  }

  /** What is learned without a call deletes the call that it settles, in the same transaction. */
  #learn(product: Product, fact: GatewayAnswer): Move {
    return this.#payment(product, {
      name: `payment learns ${inWords(fact)}`,
      is: 'course',
      inputs: [fact],
      settles: true,
    })
  }

  #order(product: Product, happens: Happening<OrderVocabulary>): Move {
    const arriving = { now, ...happens }
    const step = remembered(this.#orderSteps, this.#nameOf(product.order, arriving), () => ({
      ...stepOf(order, product.order, arriving),
      before: product.order,
      arriving,
    }))
    const { name, is } = happens
    const toPayment = [...product.toPayment, ...step.said.filter(isForPayment)]
    return { name, is, to: { ...product, order: step.state, toPayment }, orderStep: step }
  }

  #payment(product: Product, { settles = false, ...happens }: Happening<PaymentVocabulary>): Move {
    const { call } = product
    const unsent = call?.is === 'queued' && !call.tried ? call.effect : undefined
    const arriving = { now, unsent, ...happens }
    const step = remembered(
      this.#paymentSteps,
      `${this.#nameOf(product.payment, arriving)};${this.names.of(unsent)}`,
      () => ({
        ...stepOf(payment, product.payment, arriving),
        before: product.payment,
        arriving,
      }),
    )
    const settled = settles && !isSameOperation(product.payment?.operation, step.state?.operation)
    const left = step.withdrawn || settled ? null : call
    const [next, ...more] = step.effects
    if (more.length > 0 || (next !== undefined && left !== null)) throw new Error('Two calls are outstanding')
    const begun = next === undefined ? left : this.#begun(next)
    const to = { ...product, payment: step.state, call: begun, toOrder: [...product.toOrder, ...step.said] }
    return { name: happens.name, is: happens.is, to, paymentStep: step }
  }

  /** The same object for the same effect, whose name is known then: naming what is new is most of the search's work. */
  #begun(effect: GatewayCall): Call {
    const known = this.#calls.get(effect)
    if (known !== undefined) return known
    const call: Call = { effect, is: 'queued', tried: false, answer: null }
    this.#calls.set(effect, call)
    return call
  }

  #nameOf(before: object | undefined, { messages = [], inputs = [], now: at }: Arriving<Vocab>): string {
    return [before, ...messages, null, ...inputs].map((value) => this.names.of(value)).join(',') + at.getTime()
  }
}

type Happening<V extends Vocab> = Pick<Move, 'name' | 'is'> &
  Partial<Pick<Arriving<V>, 'messages' | 'inputs' | 'now'>> & { readonly settles?: boolean }

function remembered<Value>(memory: Map<string, Value>, name: string, make: () => Value): Value {
  const known = memory.get(name)
  if (known !== undefined) return known
  const value = make()
  memory.set(name, value)
  return value
}

type Operation = PaymentVocabulary['state']['operation'] | undefined
function isSameOperation(one: Operation, other: Operation): boolean {
  if (!one || !other) return !one === !other
  if (one.does !== other.does) return false
  return one.does !== 'refund' || other.does !== 'refund' || one.refundId === other.refundId
}

export function inWords(input: {
  readonly type: string
  readonly refundId?: string
  readonly amountMinor?: bigint | undefined
}): string {
  const { type, refundId, amountMinor } = input
  return [type, refundId, amountMinor].filter((part) => part !== undefined).join(' ')
}
