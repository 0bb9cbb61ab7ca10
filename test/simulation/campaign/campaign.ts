import { choreography } from '#contracts'
import { wishes } from '../world/client.ts'
import { faultKinds } from '../world/faults.ts'
import type { Build } from '../world/simulated.ts'
import { World } from '../world/world.ts'
import { Choices, seedOf, type Tape } from './choices.ts'

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
export function campaign(wanted: Campaign): Report {
  const running = new RunningCampaign(wanted)
  while (!running.isOver) running.runNext()
  return running.report()
}

/** The same in steps of one world each, for a caller that has to look up in between. */
export class RunningCampaign {
  readonly #campaign: Campaign
  readonly #struck = new Map<string, number>(faultKinds.map((kind) => [kind, 0]))
  readonly #wished = new Map<string, number>(wishes.map((wish) => [wish, 0]))
  readonly #ends = new Map<string, number>()
  readonly #met = new Map<string, number>(mustBeMet.map((type) => [type, 0]))
  #worlds = 0
  #sagas = 0
  #steps = 0
  #failure: Failure | undefined

  constructor(campaign: Campaign) {
    this.#campaign = campaign
  }

  get isOver(): boolean {
    return this.#failure !== undefined || this.#worlds === this.#campaign.runs
  }

  get worlds(): number {
    return this.#worlds
  }

  runNext(): void {
    const { build, seed, from = 0 } = this.#campaign
    const run = from + this.#worlds
    const choices = new Choices(seedOf(seed, run))
    const ran = new World(build, choices).run()
    this.#worlds += 1
    this.#sagas += ran.ends.length
    this.#steps += ran.steps
    for (const kind of ran.struck) count(this.#struck, kind)
    for (const wish of ran.wished) count(this.#wished, wish)
    for (const end of ran.ends) count(this.#ends, end)
    for (const type of ran.met) count(this.#met, type)
    if (ran.broken !== undefined) this.#failure = { run, broken: ran.broken, tape: choices.taken }
  }

  /** Of what has run until now. */
  report(): Report {
    const [struck, wished, ends, met] = [this.#struck, this.#wished, this.#ends, this.#met]
    const missed = [...struck, ...wished, ...met].flatMap(([name, times]) => (times === 0 ? [name] : []))
    return { sagas: this.#sagas, steps: this.#steps, struck, wished, ends, met, failure: this.#failure, missed }
  }
}

const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
