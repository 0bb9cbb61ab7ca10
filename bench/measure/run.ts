import { setTimeout as sleep } from 'node:timers/promises'
import type { Generated } from '../load/command.ts'
import { openGenerator } from '../load/generate.ts'
import type { Load, Outcome, Run, System } from '../system.ts'
import { faultsOf } from './faults.ts'
import { percentilesOf } from './percentiles.ts'
import { coresBetween, readUsage, secondsBetween, toCores, type Usage } from './processes.ts'

export interface Patience {
  readonly pollMs: number
  /** Orders of which none comes to its end for so long are left hanging. */
  readonly withoutProgressMs: number
}

const minutePatience: Patience = { pollMs: 250, withoutProgressMs: 60_000 }

/**
 * Sends a load to a system that has started, waits until every order that was answered has come to its end, and judges
 * the run. What goes wrong is in `faults`; throws when the load makes no sense or the system cannot be asked.
 */
export async function measure(system: System, load: Load, patience = minutePatience): Promise<Run> {
  const endedBefore = await system.countEnded()
  const processes = await system.processes()
  await using generator = await openGenerator(system, load)
  const before = await readUsage(processes)
  const generated = await generator.run()
  const orderIds = [...new Set(generated.sent.map(({ orderId }) => orderId))]
  const ended = (await countUntil(endedBefore + orderIds.length, () => system.countEnded(), patience)) - endedBefore
  const after = await readUsage(processes)
  const outcomes = await system.outcomes(orderIds)
  const flaws = await system.flaws()
  return {
    system: system.name,
    load,
    orders: generated.sent.length,
    ...paceOf(generated, outcomes),
    cores: coresOf(generated, before, after),
    cpuMsPerOrder: cpuMsPerOrder(generated, before, after),
    faults: faultsOf({ generated, ended, ...patience, outcomes, flaws, before, after }),
  }
}

/** Counts until the target is reached or nothing has been added for too long, and returns the last count. */
async function countUntil(target: number, count: () => Promise<number>, patience: Patience): Promise<number> {
  let reached = await count()
  let progressAtMs = performance.now()
  while (reached < target && performance.now() - progressAtMs < patience.withoutProgressMs) {
    await sleep(patience.pollMs)
    const now = await count()
    if (now > reached) progressAtMs = performance.now()
    reached = now
  }
  return reached
}

function paceOf({ sent }: Generated, outcomes: readonly Outcome[]) {
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.orderId, outcome]))
  const delays = (at: (outcome: Outcome) => number | undefined): number[] =>
    sent.flatMap(({ orderId, plannedAtMs }) => {
      const outcome = outcomeOf.get(orderId)
      const atMs = outcome === undefined ? undefined : at(outcome)
      return atMs === undefined ? [] : [atMs - plannedAtMs]
    })
  const ends = outcomes.flatMap(({ paidAtMs, notifiedAtMs }) => [paidAtMs ?? [], notifiedAtMs ?? []].flat())
  const firstMs = sent.reduce((first, { plannedAtMs }) => Math.min(first, plannedAtMs), Infinity)
  const lastMs = ends.reduce((last, atMs) => Math.max(last, atMs), -Infinity)
  const seconds = (lastMs - firstMs) / 1000
  return {
    endedPerSecond: Number.isFinite(seconds) && seconds > 0 ? Math.round((sent.length / seconds) * 10) / 10 : 0,
    toAnswer: percentilesOf(sent.map(({ plannedAtMs, answeredAtMs }) => answeredAtMs - plannedAtMs)),
    toNotified: percentilesOf(delays(({ notifiedAtMs }) => notifiedAtMs)),
    toPaid: percentilesOf(delays(({ paidAtMs }) => paidAtMs)),
  }
}

function cpuMsPerOrder({ sent }: Generated, before: Usage, after: Usage): number {
  const used = [...after.cpuSeconds].reduce(
    (sum, [name, seconds]) => sum + seconds - (before.cpuSeconds.get(name) ?? 0),
    0,
  )
  return sent.length === 0 ? 0 : Math.round((used / sent.length) * 100_000) / 100
}

/** The generator's own as `load`: where it is near 1, it is the generator that was measured. */
function coresOf({ cpuSeconds }: Generated, before: Usage, after: Usage): Readonly<Record<string, number>> {
  return { ...coresBetween(before, after), load: toCores(cpuSeconds, secondsBetween(before, after)) }
}
