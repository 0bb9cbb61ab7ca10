/** What shows from outside that a process gets on. */
export interface Signs {
  /** How many kinds of lines it has logged: a line that comes again is no progress. */
  readonly logKinds: number
  /** What it says that it waits for. */
  readonly words: string
  readonly isListening: boolean
  /** Processor time it has used so far. */
  readonly processorMs: number
}

export interface StallLimits {
  /** Without any sign for so long it stands still. */
  readonly stillMaxMs: number
  /** Work is a sign as well, up to so much processor time in a row: beyond that it is a loop. */
  readonly busyMaxMs: number
}

/**
 * A JVM needs two seconds of processor time before its first line, and ten times that on a core that is ten times slower;
 * recovery of a large log may take longer.
 */
export const busyMaxMs = 120_000

/** An idle process uses some 3 % of a core; one that starts beside two busy loops on half a core gets a sixth of it. */
const busyShare = 0.08

/**
 * Tells a process that is slow from one that stands still. No fixed time can: the same start takes a second or two minutes,
 * depending on the machine and on what else runs there.
 */
export class StallDetector {
  readonly #limits: StallLimits
  #signs: Signs | undefined
  #movedAtMs: number

  constructor(limits: StallLimits, nowMs: number) {
    this.#limits = limits
    this.#movedAtMs = nowMs
  }

  /** When it last showed a sign of progress. */
  get movedAtMs(): number {
    return this.#movedAtMs
  }

  /**
   * @param othersMovedAtMs when a process that it may wait for last showed a sign
   * @returns whether it stands still
   */
  look(nowMs: number, signs: Signs, othersMovedAtMs = 0): boolean {
    const before = this.#signs
    if (before === undefined || isProgress(before, signs)) {
      this.#signs = signs
      this.#movedAtMs = nowMs
      return false
    }
    if (nowMs - Math.max(this.#movedAtMs, othersMovedAtMs) < this.#limits.stillMaxMs) return false
    const workedMs = signs.processorMs - before.processorMs
    const isBusy = workedMs > 0 && workedMs >= busyShare * (nowMs - this.#movedAtMs)
    return !isBusy || workedMs >= this.#limits.busyMaxMs
  }
}

const isProgress = (before: Signs, now: Signs): boolean =>
  now.logKinds !== before.logKinds || now.words !== before.words || now.isListening !== before.isListening

/** Counts the kinds of lines in a text that comes in pieces. Times, numbers and ids are no difference. */
export class LineKinds {
  readonly #kinds = new Set<string>()
  #rest = ''

  get count(): number {
    return this.#kinds.size
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = (lines.pop() ?? '').slice(-lineMaxCharacters)
    for (const line of lines) if (this.#kinds.size < kindsMax) this.#kinds.add(kindOf(line))
  }
}

const kindsMax = 10_000
const lineMaxCharacters = 400
const kindOf = (line: string): string => line.slice(0, lineMaxCharacters).replaceAll(/[0-9a-f]*\d[0-9a-f]*/gi, '#')
