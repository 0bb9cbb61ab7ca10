import { decideNotification } from '../apps/notification/notification.ts'
import type { Message, Notification } from '../apps/notification/vocabulary.ts'
import { orderDecider } from '../apps/order/order.ts'
import type { Order } from '../apps/order/vocabulary.ts'
import { decidePayment } from '../apps/payment/decide/payment.ts'
import type { Payment } from '../apps/payment/vocabulary.ts'
import { formatJson } from '../apps/shared/contracts/index.ts'
import { now as toldAt, given as toldGiven } from '../test/unit/notification/notifications.ts'
import { transitions as toldTransitions } from '../test/unit/notification/transitions.ts'
import { limits, now as orderedAt, given as orderGiven } from '../test/unit/order/orders.ts'
import { transitions as orderTransitions } from '../test/unit/order/transitions.ts'
import { inputNamed, inputs, type PaymentInput, timeOf } from '../test/unit/payment/decide/inputs.ts'
import { onceCaptured } from '../test/unit/payment/decide/once-captured.ts'
import { onceGone } from '../test/unit/payment/decide/once-gone.ts'
import { whileAuthorising } from '../test/unit/payment/decide/while-authorising.ts'
import { whileHeld } from '../test/unit/payment/decide/while-held.ts'
import { whileRefunding } from '../test/unit/payment/decide/while-refunding.ts'
import { whileReturning } from '../test/unit/payment/decide/while-returning.ts'
import { whileVoiding } from '../test/unit/payment/decide/while-voiding.ts'

// The aggregates' states as diagrams, made by deciding the states and inputs of the hand-written tables. What leaves a
// state as it is, is left out.

interface Arrow {
  readonly from: string
  readonly to: string
  readonly by: string
}

const nowhere = '[*]'

export function orderDiagram(): string {
  const decide = orderDecider(limits)
  const orders: readonly (Order | undefined)[] = Object.values(orderGiven)
  const rows = Object.values(orderTransitions).flat()
  const arrows = orders.flatMap((order) =>
    rows.flatMap(({ input, at = orderedAt }): readonly Arrow[] => {
      const decision = decide(order, input, at)
      if (decision.is !== 'applied') return []
      return [
        { from: order === undefined ? nowhere : orderState(order), to: orderState(decision.state), by: input.type },
      ]
    }),
  )
  return diagram(arrows, [
    ['unsettled', 'cancelled, money is still out'],
    ['settled', 'cancelled, settled'],
  ])
}

function orderState(order: Order): string {
  if (order.status !== 'cancelled') return order.status
  return order.settled ? 'settled' : 'unsettled'
}

export function paymentDiagram(): string {
  const columns = Object.values({
    ...whileAuthorising,
    ...whileHeld,
    ...whileVoiding,
    ...onceCaptured,
    ...whileRefunding,
    ...whileReturning,
    ...onceGone,
  })
  // Amounts and intents that are not the order's, and an operator's word, would draw an arrow from everywhere to everywhere.
  const names = [...inputs.keys()].filter((name) => !/^says |999|USD|pi_2|900|1100|1001/.test(name))
  const steps = (payment: Payment | undefined): readonly PaymentStep[] => {
    const happening = names.map((name) => ({ input: inputNamed(name), at: timeOf(name) }))
    return [...happening, ...ownAnswer(payment)].flatMap(({ input, at }): readonly PaymentStep[] => {
      const decision = decidePayment(payment, input, at)
      if (decision.is !== 'applied') return []
      const arrow = { from: payment?.status ?? nowhere, to: decision.state.status, by: input.type }
      return [{ arrow, state: decision.state }]
    })
  }
  const arrows: Arrow[] = []
  const known = new Set<string>()
  let states: readonly (Payment | undefined)[] = columns.map(({ given }) => paymentAfter(given))
  // Beyond the table's own states lie the refunds whose amounts follow from others.
  for (let round = 0; round < rounds; round += 1) {
    const taken = states.flatMap(steps)
    arrows.push(...taken.map(({ arrow }) => arrow))
    const fresh = new Map(taken.map(({ state }) => [formatJson(state), state] as const))
    states = [...fresh].flatMap(([name, state]) => (known.has(name) ? [] : [state]))
    for (const name of fresh.keys()) known.add(name)
  }
  return diagram(arrows)
}

/** With another one no arrow is found that these have not. */
const rounds = 3

interface PaymentStep {
  readonly arrow: Arrow
  readonly state: Payment
}

/** What the gateway says to the refund that is called for. */
function ownAnswer(payment: Payment | undefined): readonly { readonly input: PaymentInput; readonly at: Date }[] {
  const { operation } = payment ?? {}
  if (operation?.does !== 'refund') return []
  const { refundId, amountMinor } = operation
  return [{ input: { type: 'RefundSucceeded', refundId, amountMinor }, at: timeOf('Held') }]
}

function paymentAfter(given: readonly string[]): Payment | undefined {
  let payment: Payment | undefined
  for (const name of given) {
    const decision = decidePayment(payment, inputNamed(name), timeOf(name))
    if (decision.is === 'applied') payment = decision.state
  }
  return payment
}

/** Of one message. A notification is a row of them, of which at most one is under way. */
export function messageDiagram(): string {
  const notifications: readonly (Notification | undefined)[] = Object.values(toldGiven)
  const arrows = notifications.flatMap((notification) =>
    Object.values(toldTransitions).flatMap(({ input }) => {
      const decision = decideNotification(notification, input, toldAt)
      if (decision.is !== 'applied') return []
      return decision.state.messages.map(
        (message): Arrow => ({
          from: notification?.messages.find(({ number }) => number === message.number)?.status ?? nowhere,
          to: message.status,
          by: wordFor(input.type, message),
        }),
      )
    }),
  )
  return diagram(arrows)
}

/** The next one leaves when the one before has ended, however it did. */
const wordFor = (type: string, { status }: Message): string =>
  type.startsWith('Mail') && status === 'sending' ? 'the one before has ended' : type

function diagram(arrows: readonly Arrow[], names: readonly (readonly [string, string])[] = []): string {
  const moving = arrows.filter(({ from, to }) => from !== to)
  const merged = Map.groupBy(moving, ({ from, to }) => `  ${from} --> ${to}`)
  const lines = [...merged].map(([arrow, same]) => `${arrow}: ${[...new Set(same.map(({ by }) => by))].join('<br/>')}`)
  const labels = names.map(([name, label]) => `  state "${label}" as ${name}`)
  return ['```mermaid', 'stateDiagram-v2', ...labels, ...lines, '```'].join('\n')
}
