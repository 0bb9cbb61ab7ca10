interface Entry {
  readonly at: number
  /** Of two at the same time the one that was planned first comes first. */
  readonly number: number
  readonly run: () => void
}

/** What happens when. Time passes only here: from one entry to the next. A binary heap. */
export class Schedule {
  /** Milliseconds since 1970. */
  now: number
  steps = 0
  readonly #heap: Entry[] = []
  #planned = 0

  constructor(now: number) {
    this.now = now
  }

  after(ms: number, run: () => void): void {
    this.#planned += 1
    const entry = { at: this.now + ms, number: this.#planned, run }
    const heap = this.#heap
    let index = heap.length
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(entry, parent)) break
      heap[index] = parent
      index = above
    }
    heap[index] = entry
  }

  /** @returns false when nothing is planned any more */
  next(): boolean {
    const first = this.#heap[0]
    if (first === undefined) return false
    const last = this.#heap.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    this.now = first.at
    this.steps += 1
    first.run()
    return true
  }

  #sink(entry: Entry): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      let child = heap[below]
      const right = heap[below + 1]
      if (child === undefined) break
      if (right !== undefined && isBefore(right, child)) {
        child = right
        below += 1
      }
      if (!isBefore(child, entry)) break
      heap[index] = child
      index = below
    }
    heap[index] = entry
  }
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.at < other.at || (one.at === other.at && one.number < other.number)
