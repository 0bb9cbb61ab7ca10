import { ProgressLine } from './progress-line.ts'

/** A start that is shorter needs no words. */
const patienceMs = 2_000
const lookMs = 1_000

/** A part that has begun to start and is not ready. */
export interface Awaited {
  readonly name: string
  readonly sinceMs: number
}

export interface WaitingOptions {
  /** What a part says that it waits for itself; nothing for one that cannot be asked. */
  readonly words: (name: string) => Promise<readonly string[]>
}

/** The line of progress for parts that take longer than two seconds to start, all of which start at once. */
export class Waiting {
  readonly #line = new ProgressLine()
  readonly #awaited = new Map<string, number>()
  readonly #words: WaitingOptions['words']
  readonly #timer: NodeJS.Timeout
  /** As it was said last. */
  readonly #said = new Map<string, readonly string[]>()
  #isAsking = false

  constructor({ words }: WaitingOptions) {
    this.#words = words
    this.#timer = setInterval(() => {
      this.#show()
      void this.#ask()
    }, lookMs)
    this.#timer.unref()
  }

  /** Counts `name` as awaited while `work` lasts, also when it fails. */
  async during<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    this.#awaited.set(name, performance.now())
    try {
      return await work()
    } finally {
      this.#awaited.delete(name)
      // What is ready is not named any more, whenever the line is written next.
      this.#show()
    }
  }

  /** Makes room for a line on standard output. */
  clear(): void {
    this.#line.clear()
  }

  end(): void {
    clearInterval(this.#timer)
    this.#awaited.clear()
    this.#line.end()
  }

  #show(): void {
    const nowMs = performance.now()
    const slow = slowOnes(this.#all(), nowMs)
    this.#line.show(waitingText(slow, this.#said, nowMs))
    if (slow.length === 0) this.#line.clear()
  }

  async #ask(): Promise<void> {
    // The answer of a slow process may take longer than the time to the next question.
    if (this.#isAsking) return
    this.#isAsking = true
    for (const { name } of slowOnes(this.#all(), performance.now())) this.#said.set(name, await this.#words(name))
    this.#isAsking = false
  }

  #all(): readonly Awaited[] {
    return [...this.#awaited].map(([name, sinceMs]) => ({ name, sinceMs }))
  }
}

export function slowOnes(awaited: readonly Awaited[], nowMs: number): readonly Awaited[] {
  return awaited.filter(({ sinceMs }) => nowMs - sinceMs >= patienceMs)
}

/** `waiting for kafka (7 s), relay (5 s); relay: connector: …`; empty when nothing is waited for. */
export function waitingText(
  awaited: readonly Awaited[],
  words: ReadonlyMap<string, readonly string[]>,
  nowMs: number,
): string {
  if (awaited.length === 0) return ''
  const names = awaited.map(({ name, sinceMs }) => `${name} (${Math.round((nowMs - sinceMs) / 1_000)} s)`)
  const said = awaited.flatMap(({ name }) => (words.get(name) ?? []).map((text) => `${name}: ${text}`))
  return [`waiting for ${names.join(', ')}`, ...said].join('; ')
}
