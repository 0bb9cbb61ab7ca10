/** What was chosen, by what it was about, in order. */
export type Tape = ReadonlyMap<string, readonly number[]>

/**
 * All chance of a run: drawn from a seed and written down, or read again from what was written down. 0 is always the
 * plain choice, no fault and no wish, and what a tape does not say is 0: it becomes simpler by leaving out. Each subject
 * has a tape of its own, so that what is left out of one changes little in what is read from the others.
 */
export class Choices {
  readonly taken = new Map<string, number[]>()
  readonly #given: Tape | undefined
  #state: number

  constructor(from: number | Tape) {
    this.#given = typeof from === 'number' ? undefined : from
    this.#state = typeof from === 'number' ? from : 0
  }

  /** A whole number from 0 to `max`, both included. */
  upTo(max: number, about: string): number {
    const taken = this.#takenAbout(about)
    const value =
      this.#given === undefined
        ? Math.floor(this.#fraction() * (max + 1))
        : Math.min(this.#given.get(about)?.[taken.length] ?? 0, max)
    taken.push(value)
    return value
  }

  oneIn(count: number, about: string): boolean {
    const taken = this.#takenAbout(about)
    const value =
      this.#given === undefined
        ? Number(this.#fraction() * count < 1)
        : Math.min(this.#given.get(about)?.[taken.length] ?? 0, 1)
    taken.push(value)
    return value === 1
  }

  #takenAbout(about: string): number[] {
    let taken = this.taken.get(about)
    if (taken === undefined) {
      taken = []
      this.taken.set(about, taken)
    }
    return taken
  }

  /** mulberry32, by Tommy Ettinger (public domain). */
  #fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mix = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mix ^= mix + Math.imul(mix ^ (mix >>> 7), mix | 61)
    return ((mix ^ (mix >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The seed of one run of many: neighbours have nothing in common. */
export function seedOf(seed: number, run: number): number {
  let mix = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(run + 1, 0xc2b2ae35)
  mix = Math.imul(mix ^ (mix >>> 16), 0x7feb352d)
  mix = Math.imul(mix ^ (mix >>> 15), 0x846ca68b)
  return (mix ^ (mix >>> 16)) >>> 0
}
