import type { NotificationVocabulary } from '../../../apps/notification/vocabulary.ts'
import type { Order, OrderVocabulary } from '../../../apps/order/vocabulary.ts'
import type { Payment, PaymentVocabulary } from '../../../apps/payment/vocabulary.ts'
import type { Choices } from '../campaign/choices.ts'
import { brokenAtTheEnd, brokenByChange, brokenNow, endOf, isReviewExplained, type View } from '../laws/laws.ts'
import { Ledger } from '../laws/ledger.ts'
import { brokenMails } from '../laws/mail-laws.ts'
import { Consumer } from '../service/consumer.ts'
import { Service } from '../service/service.ts'
import { throughTheNetwork } from './calls.ts'
import { Client, type Wish } from './client.ts'
import { type FaultKind, Faults } from './faults.ts'
import { Gateway } from './gateway.ts'
import { MailServer } from './mail-server.ts'
import { Operator } from './operator.ts'
import { Schedule } from './schedule.ts'
import { Broken, type Build, type Simulated } from './simulated.ts'

const startedAt = Date.parse('2026-11-22T10:00:00.000Z')
/** Many times what the longest run takes: whoever needs more goes round in circles. */
const stepsMax = 2_000

/** Mostly one, for a history of one is read; several share batches and transactions. */
const ordersOf = [1, 1, 1, 1, 1, 1, 2, 3] as const

export interface Ran {
  /** The law that does not hold. */
  readonly broken?: string
  /** How each order ended. */
  readonly ends: readonly string[]
  readonly steps: number
  readonly struck: readonly FaultKind[]
  readonly wished: readonly Wish[]
  /** The types of all inputs that changed something and of all events that were said. */
  readonly met: ReadonlySet<string>
}

/** Three services, a gateway, a mail server and the clients of one to three orders, in one thread and one clock. */
export class World {
  readonly #simulated: Simulated
  readonly #faults: Faults
  readonly #schedule = new Schedule(startedAt)
  readonly #gateway: Gateway
  readonly #mails: MailServer
  readonly #ledger = new Ledger()
  readonly #order: Service<OrderVocabulary>
  readonly #payment: Service<PaymentVocabulary>
  readonly #notification: Service<NotificationVocabulary>
  readonly #consumers: readonly { readonly isDrained: boolean; readonly hasParked: boolean }[]
  readonly #operator: Operator
  readonly #clients: readonly Client[]
  readonly #before = new Map<string, Order>()
  /** Since when which operation of which order is wanted, by payment's clock. */
  readonly #begun = new Map<string, number>()
  #ids = 0

  constructor(build: Build, choices: Choices, tell?: (line: string) => void) {
    const schedule = this.#schedule
    const told = tell && ((line: string) => tell(`${sinceStart(schedule.now)}  ${line}`))
    const faults = new Faults(choices, (fault) => told?.(`! ${fault}`))
    const newId = (): string => uuid((this.#ids += 1))
    this.#faults = faults
    this.#simulated = {
      build,
      choices,
      schedule,
      faults,
      newId,
      met: new Set(),
      tell: told,
      judge: () => this.#judge(),
    }
    this.#gateway = new Gateway(this.#simulated)
    this.#mails = new MailServer(this.#simulated)
    this.#order = new Service(build.order, this.#simulated, () => undefined)
    this.#payment = new Service(build.payment, this.#simulated, (leased, timeoutMs, reply) => {
      const { effect: call, attempt } = leased
      const idempotencyKey = build.idempotencyKey(leased.idempotencyKey, attempt)
      const perform = () => this.#gateway.perform({ call, idempotencyKey, attempt })
      throughTheNetwork(this.#simulated, { timeoutMs, perform }, reply)
    })
    this.#notification = new Service(build.notification, this.#simulated, (leased, timeoutMs, reply) => {
      const key = build.idempotencyKey(leased.idempotencyKey, leased.attempt)
      throughTheNetwork(this.#simulated, { timeoutMs, perform: () => this.#mails.take(key) }, reply)
    })
    this.#consumers = [
      new Consumer(this.#payment, this.#order.topic),
      new Consumer(this.#notification, this.#order.topic),
      new Consumer(this.#order, this.#payment.topic),
    ]
    this.#payment.onWrite.push((steps) => this.#ledger.post(steps))
    this.#operator = new Operator(this.#payment, this.#gateway)
    const orders = ordersOf[choices.upTo(ordersOf.length - 1, 'how many orders')] ?? 1
    this.#clients = Array.from({ length: orders }, () => new Client(newId(), this.#order))
  }

  run(): Ran {
    const broken = this.#broken()
    const ends = this.#clients.map((client) => endOf(this.#viewOf(client)))
    const wished = this.#clients.flatMap((client) => client.wished)
    const { steps } = this.#schedule
    const ran = { ends, steps, struck: this.#faults.struck, wished, met: this.#simulated.met }
    return broken === undefined ? ran : { ...ran, broken }
  }

  #broken(): string | undefined {
    try {
      for (const client of this.#clients) this.#schedule.after(0, () => client.start())
      while (this.#schedule.next()) {
        if (this.#schedule.steps > stepsMax) return 'it does not come to rest'
      }
      return this.#brokenAtTheEnd()
    } catch (error) {
      if (error instanceof Broken) return error.message
      return `it throws ${error instanceof Error ? error.stack : String(error)}`
    }
  }

  #viewOf(client: Client): View {
    const { orderId } = client
    return {
      client,
      order: this.#order.state(orderId),
      payment: this.#payment.state(orderId),
      notification: this.#notification.state(orderId),
      gateway: this.#gateway,
      ledger: this.#ledger,
      intents: this.#gateway.of(orderId),
      isCalling: this.#payment.effects.rows.has(`${orderId}/gateway`),
      isOperatorHeard: this.#operator.spokeOf(orderId),
    }
  }

  #judge(): void {
    for (const client of this.#clients) {
      const view = this.#viewOf(client)
      const { order, payment } = view
      const before = this.#before.get(client.orderId)
      const broken =
        brokenNow(view) ?? (order && order.status !== before?.status ? this.#brokenChange(view) : undefined)
      if (broken !== undefined) throw new Broken(broken)
      if (order !== undefined) this.#before.set(client.orderId, order)
      if (payment !== undefined) this.#judgeReview(payment)
    }
  }

  #judgeReview(payment: Payment): void {
    const { orderId, operation } = payment
    const now = this.#payment.clock()
    const begun = operation && `${orderId} ${operation.does}`
    if (begun !== null && !this.#begun.has(begun)) this.#begun.set(begun, now)
    const review = this.#operator.notice(payment)
    if (review === undefined) return
    const askedMs = now - (this.#begun.get(`${orderId} ${review.operation}`) ?? now)
    if (isReviewExplained(review, { gateway: this.#gateway, orderId, askedMs })) return
    throw new Broken(`in review without reason: ${review.operation} ${review.reason}`)
  }

  #brokenChange(view: View): string | undefined {
    const { order, client } = view
    return order && brokenByChange(this.#before.get(client.orderId), order, { ...view, at: this.#order.clock() })
  }

  /** Everybody has heard everything, nothing is outstanding or parked, and each order has ended as it may. */
  #brokenAtTheEnd(): string | undefined {
    for (const { effects, topic, name } of [this.#order, this.#payment, this.#notification]) {
      if (effects.rows.size > 0) return `a call of ${name} is outstanding for ever`
      if (!topic.isDrained) return `an event of ${name} is never shipped`
    }
    for (const { hasParked, isDrained } of this.#consumers) {
      if (!isDrained) return 'a message is never consumed'
      if (hasParked) return 'a message is parked for ever'
    }
    for (const client of this.#clients) {
      const broken = this.#brokenEnd(client)
      if (broken !== undefined) return broken
    }
    return undefined
  }

  #brokenEnd(client: Client): string | undefined {
    const { orderId } = client
    const view = this.#viewOf(client)
    const [order, payment, notification] = [this.#order, this.#payment, this.#notification].map(({ rows }) =>
      rows.get(orderId),
    )
    if (payment?.position.version !== order?.version) return 'payment has not heard everything'
    if (notification?.position.version !== order?.version) return 'notification has not heard everything'
    if (order?.position.version !== payment?.version) return 'order has not heard everything'
    const isEnded = view.payment?.review === null && view.notification !== undefined
    return (
      brokenAtTheEnd(view) ?? (isEnded && view.notification ? brokenMails(view.notification, this.#mails) : undefined)
    )
  }
}

/** In lower case and of fixed length, as PostgreSQL gives them back. */
const uuid = (count: number): string => `01990000-0000-7000-8000-${count.toString(16).padStart(12, '0')}`

function sinceStart(now: number): string {
  const ms = now - startedAt
  const [days, rest] = [Math.floor(ms / 86_400_000), ms % 86_400_000]
  return `+${days}d ${new Date(rest).toISOString().slice(11, 23)}`
}
