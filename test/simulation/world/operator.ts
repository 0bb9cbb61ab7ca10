import type { Fact, Payment, PaymentVocabulary, Review } from '../../../apps/payment/vocabulary.ts'
import type { Service } from '../service/service.ts'
import { type Gateway, leftMinor, truthOf, truthOfRefund } from './gateway.ts'
import { Broken, type Simulated } from './simulated.ts'

/** Later than anything that may still be on its way to the gateway. */
const firstLookMs = 60 * 60 * 1_000
const code = 'not_made'

/** Looks at payments in review, at the gateway's dashboard, and says what is true there. */
export class Operator {
  readonly #payment: Service<PaymentVocabulary>
  readonly #gateway: Gateway
  readonly #simulated: Simulated
  readonly #seen = new Set<string>()
  readonly #spoke = new Set<string>()
  #byHand = 0

  constructor(payment: Service<PaymentVocabulary>, gateway: Gateway) {
    this.#payment = payment
    this.#gateway = gateway
    this.#simulated = payment.simulated
  }

  spokeOf(orderId: string): boolean {
    return this.#spoke.has(orderId)
  }

  /** Called at every moment. @returns the review if it is a new one */
  notice({ orderId, review }: Payment): Review | undefined {
    if (review === null) return undefined
    const name = nameOf(orderId, review)
    if (this.#seen.has(name)) return undefined
    this.#seen.add(name)
    const { choices, schedule } = this.#simulated
    // Nobody may ever look, and then it stays in review.
    if (choices.oneIn(2, 'whether an operator looks')) schedule.after(firstLookMs, () => this.#look(orderId))
    return review
  }

  #look(orderId: string): void {
    const { schedule } = this.#simulated
    this.#payment.at(this.#payment.clock(), () => {
      const payment = this.#payment.state(orderId)
      if (!payment?.review) return
      const intents = this.#gateway.of(orderId)
      const isBusy = intents.some(({ busyUntil, refunds }) =>
        [busyUntil, ...refunds.map((refund) => refund.busyUntil)].some((until) => until > schedule.now),
      )
      if (isBusy) return schedule.after(firstLookMs, () => this.#look(orderId))
      this.#say(payment, payment.review, this.#truth(payment, payment.review))
    })
  }

  /** Until it is heard: what was done by hand is done. */
  #say({ orderId }: Payment, review: Review, fact: Fact): void {
    const input = { type: 'ResolveReview', fact, by: 'ops' } as const
    const cause = { id: this.#simulated.newId(), traceparent: '' }
    this.#spoke.add(orderId)
    const again = () => {
      const payment = this.#payment.state(orderId)
      if (payment?.review && nameOf(orderId, payment.review) === nameOf(orderId, review))
        this.#say(payment, review, fact)
    }
    const verdicts = this.#payment.transact({ keys: [orderId], items: () => [{ key: orderId, input, cause }] })
    const [verdict] = verdicts ?? []
    if (verdict === undefined) this.#payment.at(this.#payment.clock() + firstLookMs, again)
    else if (verdict.is !== 'applied') throw new Broken('a true word of an operator is not taken')
  }

  #truth({ orderId }: Payment, { operation, reason, refundId }: Review): Fact {
    const [intent] = this.#gateway.of(orderId)
    if (intent === undefined) return { type: 'Refused', operation: 'authorise', code }
    if (operation === 'void' && intent.is === 'held') this.#gateway.letGo(intent)
    if (operation !== 'refund') return truthOf(intent)
    if (reason === 'refund_failed' && leftMinor(intent) > 0n) {
      this.#byHand += 1
      const id = `by-hand-${this.#byHand}`
      return { type: 'RefundSucceeded', refundId: id, amountMinor: this.#gateway.giveBack(intent, id) }
    }
    const made = intent.refunds.find((refund) => refund.refundId === refundId)
    return made === undefined ? { type: 'RefundFailed', refundId: refundId ?? '', code } : truthOfRefund(made)
  }
}

const nameOf = (orderId: string, { since, operation, reason, refundId }: Review): string =>
  `${orderId} ${since} ${operation} ${reason} ${refundId}`
