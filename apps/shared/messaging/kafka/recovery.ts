/** A consumer that lives and is given nothing. */
export class Deaf extends Error {
  override readonly name = 'Deaf'
  readonly to: DeafTo
  /** Somebody else in this process was answered meanwhile, so that it is our own failure. */
  readonly kafkaAnswers: boolean

  constructor(message: string, { to, kafkaAnswers }: { to: DeafTo; kafkaAnswers: boolean }) {
    super(message)
    this.to = to
    this.kafkaAnswers = kafkaAnswers
  }
}

/** These partitions, or all there are. */
export type DeafTo = readonly number[] | 'everything'

/** Whether a new consumer helps: one that is as deaf as the one before it, having heard nothing in between, does not. */
export class Recovery {
  readonly #deafTo = new Set<number | 'everything'>()
  #isLost = false

  /** True until something is heard: only a new process may help. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** Whose partitions went elsewhere, hears of them there. */
  joined(partitions: readonly number[]): void {
    for (const one of this.#deafTo) if (one !== 'everything' && !partitions.includes(one)) this.#deafTo.delete(one)
  }

  heard(partition: number): void {
    this.#deafTo.delete(partition)
    this.#deafTo.delete('everything')
    if (this.#deafTo.size === 0) this.#isLost = false
  }

  /** A loop that has come round for so long stood still for another reason, should it do so once more. */
  goesRound(): void {
    this.#deafTo.delete('everything')
    if (this.#deafTo.size === 0) this.#isLost = false
  }

  /** @returns whether it has become lost by that */
  deaf({ to, kafkaAnswers }: Pick<Deaf, 'to' | 'kafkaAnswers'>): boolean {
    if (!kafkaAnswers) return false
    const now = to === 'everything' ? [to] : to
    const wasLost = this.#isLost
    this.#isLost ||= now.some((one) => this.#deafTo.has(one))
    for (const one of now) this.#deafTo.add(one)
    return this.#isLost && !wasLost
  }
}
