import type { Vocabulary } from '#messaging'
import { Breaker } from '../../../apps/shared/messaging/consumer/breaker.ts'
import { planOf, type Share } from '../../../apps/shared/messaging/consumer/share.ts'
import type { Verdict } from '../../../apps/shared/messaging/decide/fold.ts'
import { type Arrival, arrivalOf } from '../../../apps/shared/messaging/message/arrival.ts'
import { Failing } from '../../../apps/shared/messaging/message/delivery.ts'
import type { KafkaMessage } from '../../../apps/shared/messaging/message/kafka-message.ts'
import { Broken } from '../world/simulated.ts'
import { labelOf, type Topic } from '../world/topic.ts'
import { ParkedKeys } from './parked-keys.ts'
import type { Service } from './service.ts'

const fetchMs = 3
/** That of `share.ts`, which measures by the machine's clock and is told here by ours. */
const notYetVisibleMaxMs = 250
const lookAgainMs = 50
const attemptsMax = 12
const neverAborted = new AbortController().signal
const refusal = Object.assign(new Error('a value is out of range'), { code: '22003' })

/** A service's consumer of its one upstream topic, by the rules of `consumer.ts`; what it parks is decided by `share.ts`. */
export class Consumer<V extends Vocabulary> {
  readonly #parked: ParkedKeys<V>
  readonly #service: Service<V>
  readonly #upstream: Topic
  readonly #arrivals = new Map<KafkaMessage, Arrival<V>>()
  /** Messages that the database refuses so many more times. */
  readonly #refused = new Map<KafkaMessage, number>()
  #breaker = new Breaker()
  #offset = 0
  #isLooking = false
  /** Since when the first of a batch speaks of a row that is not there. */
  #notYetSince: number | undefined

  constructor(service: Service<V>, upstream: Topic) {
    this.#service = service
    this.#upstream = upstream
    this.#parked = new ParkedKeys(service, (message) => this.#arrival(message))
    upstream.onMessages(() => this.#look(fetchMs))
    service.onWake.push(() => this.#look(fetchMs))
    service.onCrash.push(() => {
      this.#breaker = new Breaker()
      this.#isLooking = false
      this.#goBack()
    })
  }

  get isDrained(): boolean {
    return this.#offset === this.#upstream.messages.length
  }

  get hasParked(): boolean {
    return this.#parked.keys.size > 0
  }

  /** Offsets are committed now and then. */
  #goBack(): void {
    this.#offset -= this.#service.simulated.choices.upTo(this.#offset, `${this.#service.name} from where`)
    this.#notYetSince = undefined
  }

  #look(usualMs: number): void {
    if (this.#isLooking) return
    this.#isLooking = true
    const { life, simulated } = this.#service
    const ms = simulated.faults.delayMs(usualMs, 'a message is late')
    this.#service.at(this.#service.clock() + ms, () => {
      if (this.#service.life !== life) return
      this.#isLooking = false
      this.#consume()
    })
  }

  #consume(): void {
    const { choices, faults, tell } = this.#service.simulated
    const { messages } = this.#upstream
    if (this.#offset > 0 && faults.strike('a consumer goes back to an older offset')) this.#goBack()
    const end = choices.oneIn(4, `${this.#service.name} takes one`) ? this.#offset + 1 : messages.length
    const batch = messages.slice(this.#offset, end)
    if (batch.length === 0) return
    tell?.(`${this.#service.name}: consumes ${batch.map(labelOf).join(', ')}`)
    const share = this.#shareOf(batch)
    const verdicts = this.#service.transact({
      keys: [...new Set(share.items.map(({ key }) => key))],
      isFromTopic: true,
      items: () => share.items,
      conclude: (decided) => this.#conclude(share, decided),
    })
    if (verdicts === undefined) return
    if (this.#isNotYet(share)) return this.#look(lookAgainMs)
    this.#notYetSince = undefined
    this.#offset += batch.length
    if (this.#offset < messages.length) this.#look(fetchMs)
  }

  #shareOf(batch: readonly KafkaMessage[]): Share<V> {
    const isHopeless =
      this.#notYetSince !== undefined && this.#service.simulated.schedule.now - this.#notYetSince > notYetVisibleMaxMs
    return {
      signal: neverAborted,
      items: batch.map((message) => this.#arrival(message)),
      unplaceable: [],
      handled: new Set(),
      notYetSince: isHopeless ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
      obstacle: undefined,
    }
  }

  /** In the transaction: parks what cannot be handled. What is left in the share is looked at again. */
  #conclude(share: Share<V>, verdicts: readonly Verdict<V>[]): void {
    const plan = planOf(this.#breaker, [share], verdicts)
    const planned = plan.shares.get(share)
    if (planned === undefined || planned.obstacle !== undefined) throw new Broken('a partition stops')
    this.#parked.park(plan.toPark)
    share.items = share.items.filter((item, at) => verdicts[at]?.is === 'blocked' && !planned.parked.has(item))
  }

  #isNotYet(share: Share<V>): boolean {
    if (share.items.length === 0) return false
    this.#notYetSince ??= this.#service.simulated.schedule.now
    return true
  }

  #arrival(message: KafkaMessage): Arrival<V> {
    const { participant, simulated } = this.#service
    let arrival = this.#arrivals.get(message)
    if (arrival === undefined) {
      arrival = arrivalOf(participant, message, undefined)
      this.#arrivals.set(message, arrival)
      const { faults, choices } = simulated
      if (faults.strike('a message is refused by the database')) {
        this.#refused.set(message, 1 + choices.upTo(attemptsMax - 1, 'how often refused'))
      }
    }
    const left = this.#refused.get(message) ?? 0
    if (left === 0) return arrival
    this.#refused.set(message, left - 1)
    return { ...arrival, input: new Failing(refusal) }
  }
}
