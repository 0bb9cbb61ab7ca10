import { handlerOf, type Participant, type Vocabulary } from '../types/vocabulary.ts'

/** Calls of one kind that are under way at once in one process, unless its handler says otherwise. */
const atOnceDefault = 64

/** By kind, when no call is under way. */
export const allPlaces = <V extends Vocabulary>(participant: Participant<V>): Map<string, number> =>
  new Map(Object.keys(participant.effects).map((kind) => [kind, handlerOf(participant, kind).atOnce ?? atOnceDefault]))

/**
 * How many more calls of each kind may begin. One kind whose other side hangs does not take the places of another. A
 * place is taken before its effect is leased: transactions that are open at one time do not lease more than is called.
 */
export class Places<V extends Vocabulary> {
  readonly #free: Map<string, number>
  /** Kinds of which somebody got less than wanted, since the last one came free. */
  readonly #short = new Set<string>()
  readonly #onFree: () => void

  /** @param onFree called when a place comes free that somebody has missed */
  constructor(participant: Participant<V>, onFree: () => void) {
    this.#free = allPlaces(participant)
    this.#onFree = onFree
  }

  /** @returns how many of those wanted it got */
  take(kind: string, wanted: number): number {
    const free = this.#free.get(kind) ?? 0
    const count = Math.max(0, Math.min(wanted, free))
    if (count < wanted) this.#short.add(kind)
    this.#free.set(kind, free - count)
    return count
  }

  /** For a look into the table. The other half is for what transactions decide on meanwhile: that needs no look. */
  takeHalf(): Map<string, number> {
    const taken = [...this.#free].map(
      ([kind, free]) => [kind, this.take(kind, Math.max(1, Math.ceil(free / 2)))] as const,
    )
    return new Map(taken.filter(([, count]) => count > 0))
  }

  give(kind: string, count: number): void {
    if (count === 0) return
    this.#free.set(kind, (this.#free.get(kind) ?? 0) + count)
    if (this.#short.delete(kind)) this.#onFree()
  }
}
