import type { KafkaMessage } from '../../../apps/shared/messaging/message/kafka-message.ts'
import { Broken, type Simulated } from './simulated.ts'

const shippingMs = 5

/** An outbox, the connector that reads it, and the one partition that it ships to. Nothing is lost or overtaken in it. */
export class Topic {
  /** What is on Kafka, repeats included. */
  readonly messages: KafkaMessage[] = []
  readonly #name: string
  readonly #outbox: KafkaMessage[] = []
  /** Of the last event of each key. */
  readonly #versions = new Map<string, number>()
  readonly #listeners: (() => void)[] = []
  readonly #simulated: Simulated
  #shipped = 0
  #isShipping = false

  constructor(name: string, simulated: Simulated) {
    this.#name = name
    this.#simulated = simulated
  }

  onMessages(listener: () => void): void {
    this.#listeners.push(listener)
  }

  get isDrained(): boolean {
    return this.#shipped === this.#outbox.length
  }

  /** Committed. What waits already is not overtaken, however long it waits. */
  append(message: KafkaMessage): void {
    const { key = '', headers } = message
    const version = Number(headers['ce_aggregateversion'])
    if (version !== (this.#versions.get(key) ?? 0) + 1) throw new Broken(`${this.#name} has a hole`)
    this.#versions.set(key, version)
    this.#outbox.push(message)
    if (this.#isShipping) return
    this.#isShipping = true
    const { schedule, faults } = this.#simulated
    schedule.after(faults.delayMs(shippingMs, 'a message is late'), () => this.#ship())
  }

  /** A connector that was restarted goes on from where it last said it was. */
  #ship(): void {
    const { choices, faults, tell } = this.#simulated
    this.#isShipping = false
    let from = this.#shipped
    if (from > 0 && faults.strike('messages are shipped again'))
      from -= 1 + choices.upTo(from - 1, `${this.#name} from where`)
    for (const message of this.#outbox.slice(from)) this.messages.push(message)
    tell?.(`${this.#name}: shipped ${this.#outbox.slice(from).map(labelOf).join(', ')}`)
    this.#shipped = this.#outbox.length
    for (const listener of this.#listeners) listener()
  }
}

export const labelOf = ({ headers }: KafkaMessage): string => `${headers['ce_type']} ${headers['ce_aggregateversion']}`
