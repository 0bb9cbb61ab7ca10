/** What is known of a consumer that nobody has to ask: when Kafka answered, and whether it should be fetching. */
export class Liveness {
  #heardAt: number
  #fetchedAt: number
  #assigned: readonly number[] = []
  readonly #inWork = new Set<number>()
  readonly #clock: () => number

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
    this.#heardAt = clock()
    this.#fetchedAt = clock()
  }

  /** Kafka answered a heartbeat or let it join. */
  heard(): void {
    this.#heardAt = this.#clock()
  }

  /** Kafka answered a fetch, perhaps with nothing. */
  fetched(): void {
    this.#heardAt = this.#clock()
    this.#fetchedAt = this.#clock()
  }

  assigned(partitions: readonly number[]): void {
    this.#assigned = partitions
    this.fetched()
  }

  begins(partition: number): void {
    this.#inWork.add(partition)
  }

  ends(partition: number): void {
    this.#inWork.delete(partition)
    this.#fetchedAt = this.#clock()
  }

  /** For how many milliseconds Kafka has answered nothing at all. */
  silentMs(): number {
    return this.#clock() - this.#heardAt
  }

  /**
   * For how many milliseconds nothing was fetched although something could be: 0 while it has no partition, works on a
   * batch, or has `stopped` all of its partitions itself.
   */
  deafMs(stopped: ReadonlySet<number>): number {
    const listensTo = this.#assigned.filter((partition) => !stopped.has(partition))
    return listensTo.length === 0 || this.#inWork.size > 0 ? 0 : this.#clock() - this.#fetchedAt
  }
}
