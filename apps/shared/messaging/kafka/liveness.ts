/** What is known of a consumer that nobody has to ask: when Kafka answered, and when its loop came round last. */
export class Liveness {
  readonly #clock: () => number
  readonly #inWork = new Set<number>()
  #heardAt: number
  #joinedAt: number | undefined
  #answeredAt = Number.NEGATIVE_INFINITY
  /** Undefined: it has not joined its group yet. */
  #fetchedAt: number | undefined

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
    this.#heardAt = clock()
  }

  /** Kafka answered a heartbeat. */
  heard(): void {
    this.#heardAt = this.#clock()
  }

  /** Kafka answered somebody else of this process. */
  answered(): void {
    this.#answeredAt = this.#clock()
  }

  joined(): void {
    this.heard()
    this.#joinedAt = this.#clock()
    this.#fetchedAt = this.#clock()
  }

  /** For how many milliseconds it has been in its group as it is now; 0 until then. */
  joinedMs(): number {
    return this.#joinedAt === undefined ? 0 : this.#clock() - this.#joinedAt
  }

  /** It has asked for messages, or has found that there is nothing to ask for: with data, without, or in vain. */
  fetched(): void {
    if (this.#fetchedAt !== undefined) this.#fetchedAt = this.#clock()
  }

  begins(partition: number): void {
    this.#inWork.add(partition)
  }

  ends(partition: number): void {
    this.#inWork.delete(partition)
    this.fetched()
  }

  isWorking(): boolean {
    return this.#inWork.size > 0
  }

  /** For how many milliseconds Kafka has answered nobody else of this process; infinite if it never did. */
  unansweredMs(): number {
    return this.#clock() - this.#answeredAt
  }

  /** For how many milliseconds Kafka has answered nothing that concerns the group. */
  silentMs(): number {
    return this.#clock() - this.#heardAt
  }

  /** For how many milliseconds its loop has stood still; 0 until it has joined, and while it works on a batch. */
  deafMs(): number {
    return this.#fetchedAt === undefined || this.isWorking() ? 0 : this.#clock() - this.#fetchedAt
  }
}
