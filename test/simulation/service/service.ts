import type { Participant, Step, Vocabulary } from '#messaging'
import {
  type Draft,
  type Fold,
  foldNeverSent,
  type Item,
  startFold,
  type Verdict,
} from '../../../apps/shared/messaging/decide/fold.ts'
import type { StoredAggregate } from '../../../apps/shared/messaging/types/vocabulary.ts'
import { Broken, type Simulated } from '../world/simulated.ts'
import { Topic } from '../world/topic.ts'
import type { Work } from './effect-host.ts'
import { type Call, Effects } from './effects.ts'
import { verdictInWords } from './words.ts'

interface Row<V extends Vocabulary> extends StoredAggregate<V['state']> {
  readonly dueAt: number | undefined
  /** Shipped as soon as it is committed, and seen by other sessions only later. */
  readonly visibleAt: number
}

/** The clock of a database is set back by so much at once: less than any margin that is kept anywhere. */
const setBackMs = 60_000
const sweepMs = 10

/** One service: its database with its clock, and its processes, which come back after a crash. */
export class Service<V extends Vocabulary> {
  readonly participant: Participant<V>
  readonly simulated: Simulated
  readonly topic: Topic
  readonly rows = new Map<string, Row<V>>()
  readonly effects: Effects<V>
  /** Who has work to look for when the service is back, or when its clock has jumped. */
  readonly onWake: (() => void)[] = []
  readonly onCrash: (() => void)[] = []
  /** Told of what was decided, in the transaction that writes it. */
  readonly onWrite: ((steps: readonly Step<V['state']>[]) => void)[] = []
  /** Counts restarts: what a process has begun ends with it. */
  life = 1
  readonly #decided = new Set<string>()
  #aheadMs = 0
  #upAt = 0

  constructor(participant: Participant<V>, simulated: Simulated, call: Call<V>) {
    this.participant = participant
    this.simulated = simulated
    this.topic = new Topic(`${participant.stream}.events`, simulated)
    this.effects = new Effects(this, call)
    this.onWake.push(() => {
      for (const { dueAt } of this.rows.values()) if (dueAt !== undefined) this.at(dueAt, () => this.#sweep())
    })
  }

  get name(): string {
    return this.participant.stream
  }

  /** The database's. */
  clock(): number {
    return this.simulated.schedule.now + this.#aheadMs
  }

  /** Runs when the clock has come so far and a process is up. */
  at(time: number, run: () => void): void {
    const { schedule } = this.simulated
    const look = () => {
      const leftMs = Math.max(time - this.clock(), this.#upAt - schedule.now)
      if (leftMs > 0) schedule.after(leftMs, look)
      else run()
    }
    schedule.after(Math.max(0, time - this.clock()), look)
  }

  state(key: string): V['state'] | undefined {
    return this.rows.get(key)?.state
  }

  /** @returns the verdicts, or undefined when the process has died: before the commit, or before it could go on */
  transact({ keys, isFromTopic = false, items, conclude }: Work<V>): readonly Verdict<V>[] | undefined {
    const { faults, build, judge, schedule } = this.simulated
    if (faults.strike('a clock jumps ahead')) this.#jump(faults.longMs())
    if (faults.strike('a clock goes back')) this.#aheadMs -= setBackMs
    if (faults.strike('a crash before the commit')) return this.#crash()
    const now = this.clock()
    const rows = new Map<string, Row<V>>()
    for (const key of keys) {
      const row = this.rows.get(key)
      if (row !== undefined && !(isFromTopic && row.visibleAt > schedule.now)) rows.set(key, row)
    }
    const fold = startFold(this.participant, keys, { rows, now: new Date(now) })
    const verdicts = items().map((item) => {
      const verdict = build.foldItem(fold, item)
      this.#look(item, verdict)
      return verdict
    })
    for (const withdrawn of this.effects.withdraw(fold.withdrawals)) foldNeverSent(fold, withdrawn)
    this.#write(fold)
    const leased = this.effects.insert(fold.emitted)
    conclude?.(verdicts)
    judge()
    if (faults.strike('a crash after the commit')) return this.#crash()
    this.effects.begin(leased)
    return verdicts
  }

  #look(item: Item<V>, verdict: Verdict<V>): void {
    const { tell } = this.simulated
    tell?.(`${this.name} ${item.key.slice(-2)}: ${verdictInWords(item, verdict)}`)
    if (verdict.is === 'ignored' && verdict.because === 'alarm') throw new Broken(`${this.name} is alarmed`)
    if (verdict.is === 'repeat' && verdict.forged) throw new Broken(`${this.name} is told another event of one version`)
  }

  #write({ drafts, said, history }: Fold<V>): void {
    const { stream, encode } = this.participant
    const { met, newId } = this.simulated
    for (const draft of drafts.values()) this.#save(draft)
    for (const write of this.onWrite) write(history)
    for (const { type, cause } of history) {
      met.add(type)
      if (cause === 'deadline') continue
      const what = `${type} because of ${cause}`
      if (this.#decided.has(what)) throw new Broken(`${stream} decides twice on one input`)
      this.#decided.add(what)
    }
    for (const { key, version, event } of said) {
      met.add(event.type)
      const id = newId()
      const headers = { ce_id: id, ce_type: event.type, ce_aggregateversion: `${version}`, traceparent: '' }
      this.topic.append({ partition: 0, offset: '0', key, value: encode(event), headers })
    }
  }

  #save({ key, state, version, loadedVersion, position, moved }: Draft<V>): void {
    if (!moved || state === undefined) return
    const before = this.rows.get(key)
    if (before?.version !== loadedVersion) throw new Broken(`${this.name} writes over what it has not read`)
    const dueAt = this.participant.dueAt?.(state)?.getTime()
    const { faults, schedule } = this.simulated
    // Made by a command: shipped and answered before the commit is visible to whoever consumes the answer.
    const isLate = before === undefined && position.version === 0 && faults.strike('a row is not visible yet')
    const visibleAt = before?.visibleAt ?? (isLate ? schedule.now + faults.longMs(4) : 0)
    this.rows.set(key, { state, version, position, dueAt, visibleAt })
    if (dueAt !== undefined && dueAt !== before?.dueAt) {
      this.at(dueAt + faults.delayMs(sweepMs, 'a sweep is late'), () => this.#sweep())
    }
  }

  #sweep(): void {
    for (const [key, { dueAt, visibleAt }] of this.rows) {
      const now = this.clock()
      if (dueAt === undefined || dueAt > now) continue
      const unseenMs = visibleAt - this.simulated.schedule.now
      if (unseenMs > 0) {
        this.at(now + unseenMs, () => this.#sweep())
        continue
      }
      const cause = { id: 'deadline', traceparent: '' }
      const verdicts = this.transact({ keys: [key], items: () => [{ key, input: { type: 'DeadlineReached' }, cause }] })
      if (verdicts === undefined) return
      const [verdict] = verdicts
      if (verdict?.is === 'applied') continue
      // A clock that was set back meets it again. Otherwise the next sweep would find it, and the next, for ever.
      if (this.clock() >= now) throw new Broken(`${this.name} lets a deadline pass`)
      this.at(dueAt, () => this.#sweep())
    }
  }

  #jump(ms: number): void {
    this.#aheadMs += ms
    this.simulated.schedule.after(0, () => this.#wake())
  }

  /** What was in memory is lost. What was written comes back from its text. */
  #crash(): undefined {
    const { schedule, faults, tell } = this.simulated
    this.life += 1
    this.#upAt = schedule.now + faults.longMs(5)
    tell?.(`${this.name}: is back after ${(this.#upAt - schedule.now) / 1_000} s`)
    const { codec } = this.participant
    for (const [key, row] of this.rows) {
      this.rows.set(key, { ...row, state: codec.decode<V['state']>(codec.encode(row.state)) })
    }
    for (const crash of this.onCrash) crash()
    this.at(this.clock(), () => this.#wake())
  }

  #wake(): void {
    for (const wake of this.onWake) this.at(this.clock(), wake)
  }
}
