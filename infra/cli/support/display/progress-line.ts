/** What is written to: `process.stderr`, as results go to standard output. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressOptions {
  readonly stream?: ProgressStream
  readonly nowMs?: () => number
}

/** On a terminal, where the line is written over. */
const redrawMs = 200
/** Elsewhere each is a line of its own. */
const plainMs = 5_000
const columnsUnlessKnown = 80

/**
 * One line that says what is being done, of how much, and for how long. It is written again while nothing else happens, so
 * that silence is never a long step. Work that never comes back to the event loop has to call `show` by itself.
 */
export class ProgressLine {
  readonly #stream: ProgressStream
  readonly #nowMs: () => number
  readonly #startMs: number
  readonly #timer: NodeJS.Timeout
  #text = ''
  #writtenMs = -Infinity

  constructor({ stream = process.stderr, nowMs = () => performance.now() }: ProgressOptions = {}) {
    this.#stream = stream
    this.#nowMs = nowMs
    this.#startMs = nowMs()
    this.#timer = setInterval(() => this.#write(), this.#everyMs)
    // A line is no work to wait for.
    this.#timer.unref()
  }

  show(text: string): void {
    this.#text = text
    if (this.#nowMs() - this.#writtenMs >= this.#everyMs) this.#write()
  }

  /** Makes room for what is written beside it. The line comes again by itself. */
  clear(): void {
    if (this.#isTerminal && this.#writtenMs > 0) this.#stream.write('\r\u001B[2K')
  }

  end(): void {
    clearInterval(this.#timer)
    this.clear()
    this.#text = ''
  }

  get #isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  get #everyMs(): number {
    return this.#isTerminal ? redrawMs : plainMs
  }

  #write(): void {
    if (this.#text === '') return
    this.#writtenMs = this.#nowMs()
    const line = `[${secondsSince(this.#startMs, this.#writtenMs)}] ${this.#text}`
    // A terminal may also say that it has none.
    const columns = this.#stream.columns || columnsUnlessKnown
    this.#stream.write(this.#isTerminal ? `\r\u001B[2K${line.slice(0, columns - 1)}` : `${line}\n`)
  }
}

/** `  7 s`, `120 s`. */
export function secondsSince(startMs: number, nowMs: number): string {
  return `${String(Math.round((nowMs - startMs) / 1_000)).padStart(3)} s`
}
