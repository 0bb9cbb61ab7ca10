/** How far a partition goes, and how far its group has come. */
export interface Extent {
  /** The oldest there is. */
  readonly low: bigint
  /** Of the next one to come. */
  readonly end: bigint
  /** The group's. Undefined: it has committed none. */
  readonly committed: bigint | undefined
}

export interface Surroundings {
  /** Partitions that do not move because we stopped them. */
  readonly stopped: { has(partition: number): boolean }
  /** A batch is worked on. Nothing is fetched meanwhile, however long a database is away. */
  readonly isWorking: boolean
}

/** One look a session: whoever has not moved for five sessions is deaf. */
const deafLooks = 5
/** One fetch may have been under way since before the message came. */
const roundsBetweenLooks = 2

/**
 * What a consumer has been given, against what there is for it. Its loop may come round and its heartbeats be answered
 * while a partition is left out: only Kafka can say that there is more. Counts looks and no time, for a look that nobody
 * answered proves nothing.
 */
export class Hearing {
  #assigned: readonly number[] = []
  #rounds = 0
  readonly #reached = new Map<number, bigint>()
  readonly #waiting = new Map<number, { readonly at: bigint; readonly looks: number }>()

  joined(partitions: readonly number[]): void {
    this.#assigned = partitions
    this.#reached.clear()
    this.#startAnew()
  }

  /** The loop has asked for messages. */
  fetched(): void {
    this.#rounds += 1
  }

  /** `next`: the offset after the last that it was given. `end`: where the partition ended then. */
  given(partition: number, { next, end }: { readonly next: bigint; readonly end: bigint }): void {
    this.#reached.set(partition, next)
    // One with a backlog takes the room in a fetch that others would need: they are late, and not left out.
    if (next < end) this.#startAnew()
    else this.#waiting.delete(partition)
  }

  /**
   * Judges what Kafka said, once a session. Undefined: it did not answer.
   * @returns the partitions that have had more for so long and were given nothing of it
   */
  look(extents: ReadonlyMap<number, Extent> | undefined, { stopped, isWorking }: Surroundings): readonly number[] {
    if (extents === undefined) this.#startAnew()
    if (extents === undefined || isWorking || this.#rounds < roundsBetweenLooks) return []
    this.#rounds = 0
    return this.#assigned.filter((partition) => {
      const extent = extents.get(partition)
      const at = extent === undefined ? undefined : this.#position(partition, extent)
      if (extent === undefined || at === undefined || at >= extent.end || stopped.has(partition)) {
        this.#waiting.delete(partition)
        return false
      }
      const before = this.#waiting.get(partition)
      const looks = before?.at === at ? before.looks + 1 : 0
      this.#waiting.set(partition, { at, looks })
      return looks >= deafLooks
    })
  }

  /** A group that has committed nothing begins with the oldest there is, and so does one whose place is gone. */
  #position(partition: number, { low, committed = low }: Extent): bigint {
    const reached = this.#reached.get(partition) ?? committed
    return [committed, reached, low].reduce((one, other) => (one > other ? one : other))
  }

  #startAnew(): void {
    this.#rounds = 0
    this.#waiting.clear()
  }
}
