import type { Choices } from '../campaign/choices.ts'

/** Every kind of trouble, and in how many opportunities it strikes once where it is among those of a run. */
const oneIn = {
  // Between the services.
  'a message is late': 5,
  'messages are shipped again': 4,
  'a consumer goes back to an older offset': 4,
  'a row is not visible yet': 2,
  'a message is refused by the database': 6,
  // Processes and clocks.
  'a crash before the commit': 10,
  'a crash after the commit': 10,
  'a clock jumps ahead': 12,
  'a clock goes back': 12,
  'no room for calls': 2,
  'a sweep is late': 3,
  // Calls.
  'a runner freezes, its answer comes after the lease': 6,
  'an outcome is refused by the database': 6,
  'a call is slow': 4,
  'a call times out, not done': 4,
  'a call times out, done': 4,
  'a call is reset or answered 5xx, not done': 4,
  'a call is reset or answered 5xx, done': 4,
  'a call is not performed': 4,
  // The gateway and the card.
  'the gateway is away': 8,
  'the gateway has not finished yet': 6,
  'the card is declined': 2,
  'the card wants an authentication': 2,
  'another amount is held': 2,
  'a hold is short': 2,
  'the capture is refused': 2,
  'the void is refused': 2,
  'a refund fails': 2,
  'the gateway objects for good': 8,
  'the hold is voided from outside': 2,
  'the hold is captured from outside': 2,
  // Mails.
  'a mail is refused': 3,
  'the mail server is away': 8,
  // Clients.
  'a client hears no answer': 3,
} as const

export type FaultKind = keyof typeof oneIn

const isFaultKind = (name: string): name is FaultKind => Object.hasOwn(oneIn, name)
export const faultKinds: readonly FaultKind[] = Object.keys(oneIn).filter(isFaultKind)

/** How many faults strike one run at most: after them it must come to its end. */
const budgets = [0, 1, 4, 12, 30] as const
const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

/** How late things are: less than a lease, more than a lease, beyond a deadline, the horizon, the hold. */
const delaysMs = [20, 300, 5 * secondMs, minuteMs, 20 * minuteMs, 8 * hourMs, 30 * hourMs, 8 * 24 * hourMs] as const

/**
 * The troubles of one run. Few kinds in each, so that one run is full of crashes and another full of refused captures,
 * where an even mix of all would only ever show a little of everything.
 */
export class Faults {
  readonly struck: FaultKind[] = []
  readonly #choices: Choices
  readonly #enabled = new Set<FaultKind>()
  readonly #tell: (fault: FaultKind) => void
  #left: number
  #last = 'nothing'

  constructor(choices: Choices, tell: (fault: FaultKind) => void) {
    this.#choices = choices
    this.#tell = tell
    this.#left = budgets[choices.upTo(budgets.length - 1, 'how many faults')] ?? 0
    if (this.#left === 0) return
    for (const kind of faultKinds) if (choices.oneIn(4, `whether ${kind}`)) this.#enabled.add(kind)
  }

  /** Whether it strikes here and now. */
  strike(kind: FaultKind): boolean {
    if (this.#left === 0 || !this.#enabled.has(kind) || !this.#choices.oneIn(oneIn[kind], kind)) return false
    this.#left -= 1
    this.#last = kind
    this.struck.push(kind)
    this.#tell(kind)
    return true
  }

  /** So many milliseconds, or much more. */
  delayMs(usualMs: number, kind: FaultKind): number {
    return this.strike(kind) ? this.longMs() : usualMs
  }

  /** How long the last fault lasts. */
  longMs(max: number = delaysMs.length - 1): number {
    return delaysMs[this.#choices.upTo(max, `how long ${this.#last}`)] ?? 0
  }
}

/** For `longMs`: what the network itself can hold back, five minutes at the very most. */
export const networkMax = 3
