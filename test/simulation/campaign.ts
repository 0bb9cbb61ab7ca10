import { choreography } from '#contracts'
import { Choices, seedOf, type Tape } from './choices.ts'
import { wishes } from './client.ts'
import { faultKinds } from './faults.ts'
import type { Build } from './simulated.ts'
import { World } from './world.ts'

const streams: ReadonlySet<string> = new Set(['order', 'payment', 'notification'])
/** Every event that is said today, and what only rare courses lead to. */
const mustBeMet: readonly string[] = Object.entries(choreography)
  .flatMap(([type, step]) => (streams.has(step.in) && !type.startsWith('Webhook') ? [type] : []))
  .concat('NeverSent', 'GaveUp', 'OutcomeUnknown', 'ResolveReview', 'DeadlineReached', 'MailWithdrawn', 'MailGaveUp')

export interface Campaign {
  readonly build: Build
  readonly seed: number
  readonly runs: number
  /** The number of the first, 0 unless given. */
  readonly from?: number
}

export interface Failure {
  readonly run: number
  readonly broken: string
  /** Every choice of the run: `shrink` makes it shorter. */
  readonly tape: Tape
}

export interface Report {
  readonly sagas: number
  readonly steps: number
  readonly struck: ReadonlyMap<string, number>
  readonly wished: ReadonlyMap<string, number>
  readonly ends: ReadonlyMap<string, number>
  /** In so many worlds this type of event was said, or this type of input changed something. */
  readonly met: ReadonlyMap<string, number>
  readonly failure: Failure | undefined
  /** Faults, wishes, events and outcomes that never came up: what nobody has tried proves nothing. */
  readonly missed: readonly string[]
}

/** Runs one saga after the other, until one breaks a law. The same seed gives the same report. */
export function campaign({ build, seed, runs, from = 0 }: Campaign): Report {
  const struck = new Map<string, number>(faultKinds.map((kind) => [kind, 0]))
  const wished = new Map<string, number>(wishes.map((wish) => [wish, 0]))
  const ends = new Map<string, number>()
  const met = new Map<string, number>(mustBeMet.map((type) => [type, 0]))
  let [sagas, steps] = [0, 0]
  let failure: Failure | undefined
  for (let run = from; run < from + runs && failure === undefined; run += 1) {
    const choices = new Choices(seedOf(seed, run))
    const ran = new World(build, choices).run()
    sagas += ran.ends.length
    steps += ran.steps
    for (const kind of ran.struck) count(struck, kind)
    for (const wish of ran.wished) count(wished, wish)
    for (const end of ran.ends) count(ends, end)
    for (const type of ran.met) count(met, type)
    if (ran.broken !== undefined) failure = { run, broken: ran.broken, tape: choices.taken }
  }
  const missed = [...struck, ...wished, ...met].flatMap(([name, times]) => (times === 0 ? [name] : []))
  return { sagas, steps, struck, wished, ends, met, failure, missed }
}

const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
