/** What shows from outside that a process gets on. */
export interface Signs {
  /** How many kinds of lines it has logged (`LineKinds`): a line that comes again is no progress. */
  readonly logKinds: number
  /** What it says that it waits for. Words that it has said before are no progress. */
  readonly words: string
  readonly isListening: boolean
  /** Processor time that it and everything below it have used so far. */
  readonly processorMs: number
}

export interface StallLimits {
  /** Without any sign for so long it stands still. */
  readonly stillMaxMs: number
  /** Work is a sign as well, up to so much processor time in a row: beyond that it is a loop. */
  readonly busyMaxMs: number
  /** However it gets on, it is not waited for longer. */
  readonly waitMaxMs?: number
}

/**
 * A JVM needs two seconds of processor time before its first line, and ten times that on a core that is ten times slower;
 * recovery of a large log may take longer.
 */
export const busyMaxMs = 120_000

/** Signs are capped, yet other parts of the stack may show theirs in turns. Nothing on a usable machine takes so long. */
const waitMaxPresetMs = 3_600_000

/** An idle process uses some 3 % of a core; one that starts beside two busy loops on half a core gets a sixth of it. */
const busyShare = 0.08

/**
 * Tells a process that is slow from one that stands still. No fixed time can: the same start takes a second or two minutes,
 * depending on the machine and on what else runs there.
 */
export class StallDetector {
  readonly #limits: StallLimits
  readonly #beganAtMs: number
  readonly #words = new LineKinds()
  #hasListened = false
  #logKinds = -1
  /** When it last showed a sign. */
  #processorMs = 0
  #movedAtMs: number

  constructor(limits: StallLimits, nowMs: number) {
    this.#limits = limits
    this.#beganAtMs = nowMs
    this.#movedAtMs = nowMs
  }

  /** When it last showed a sign of progress. */
  get movedAtMs(): number {
    return this.#movedAtMs
  }

  /**
   * @param othersMovedAtMs when a process that it may wait for last showed a sign
   * @returns in words that it stands still, else undefined
   */
  look(nowMs: number, signs: Signs, othersMovedAtMs = 0): string | undefined {
    const { stillMaxMs, busyMaxMs: busyMs, waitMaxMs = waitMaxPresetMs } = this.#limits
    if (nowMs - this.#beganAtMs >= waitMaxMs) return `it is not ready after ${waitMaxMs} ms`
    if (this.#isNew(signs)) {
      this.#processorMs = signs.processorMs
      this.#movedAtMs = nowMs
      return undefined
    }
    if (nowMs - Math.max(this.#movedAtMs, othersMovedAtMs) < stillMaxMs) return undefined
    const workedMs = signs.processorMs - this.#processorMs
    const isBusy = workedMs > 0 && workedMs >= busyShare * (nowMs - this.#movedAtMs)
    return isBusy && workedMs < busyMs ? undefined : `it has shown no progress for ${stillMaxMs} ms`
  }

  /** Each sign counts once: what goes to and fro between two states does not get on. */
  #isNew({ logKinds, words, isListening }: Signs): boolean {
    const saidBefore = this.#words.count
    this.#words.add(`${words}\n`)
    const isNew = logKinds > this.#logKinds || this.#words.count > saidBefore || (isListening && !this.#hasListened)
    this.#logKinds = Math.max(this.#logKinds, logKinds)
    this.#hasListened ||= isListening
    return isNew
  }
}

/**
 * Counts the kinds of lines in a text that comes in pieces. Times, numbers and ids are no difference, except in a line that
 * says how far something is: PostgreSQL repeats a single one while it recovers.
 */
export class LineKinds {
  /** Of each kind the last line, and how many counted. */
  readonly #kinds = new Map<string, { readonly line: string; readonly counted: number }>()
  #count = 0
  #rest = ''

  get count(): number {
    return this.#count
  }

  add(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = (lines.pop() ?? '').slice(-lineMaxCharacters)
    for (const line of lines) this.#addLine(line.slice(0, lineMaxCharacters))
  }

  #addLine(line: string): void {
    const kind = kindOf(line)
    const before = this.#kinds.get(kind)
    if (before === undefined && this.#kinds.size >= kindsMax) return
    const isCounted =
      before === undefined || (line !== before.line && before.counted < countedMax && saysHowFar.test(line))
    if (!isCounted) return
    this.#kinds.set(kind, { line, counted: (before?.counted ?? 0) + 1 })
    this.#count += 1
  }
}

const kindsMax = 10_000
const lineMaxCharacters = 400
/** Twenty minutes of PostgreSQL's lines, which come every ten seconds. */
const countedMax = 120
/** `redo in progress, elapsed time: 20.00 s`, `Recovering unflushed segment 0. 3/17 recovered`, `Loaded 12 of 50`, `40%`. */
const saysHowFar = /in progress|elapsed|recover(?:ed|ing)|\d+ ?(?:\/|of) ?\d+ |\d ?%/i
const kindOf = (line: string): string => line.replaceAll(/[0-9a-f]*\d[0-9a-f]*/gi, '#')
