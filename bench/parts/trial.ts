import { measure } from '../measure/run.ts'
import type { Load, Run, System } from '../system.ts'
import { type Effort, VoidRun } from './part.ts'

/** Compiled code, filled caches, open connections: a run begins where a day of work would be. */
const warmUp = { kind: 'closed', intensity: 32, seconds: 4 } as const

export const closed = (seconds: number) => ({ kind: 'closed', intensity: 32, seconds }) as const
export const open = (perSecond: number, seconds: number) => ({ kind: 'open', intensity: perSecond, seconds }) as const

/**
 * Starts a system, warms it up, loads it as told, one load after the other, and stops it.
 * @throws VoidRun when an order was lost, doubled or left hanging
 */
export async function trial(
  system: System,
  loads: readonly Omit<Load, 'seed'>[],
  { seed, scale }: Pick<Effort, 'seed' | 'scale'>,
): Promise<readonly Run[]> {
  await system.start()
  try {
    judged(await measure(system, scaled({ ...warmUp, seed }, scale)))
    const runs: Run[] = []
    for (const [index, load] of loads.entries())
      runs.push(judged(await measure(system, scaled({ ...load, seed: seed + index + 1 }, scale))))
    return runs
  } finally {
    await system.stop()
  }
}

const scaled = (load: Load, scale: number): Load => ({ ...load, seconds: Math.max(0.5, load.seconds * scale) })

function judged(run: Run): Run {
  if (run.faults.length > 0) throw new VoidRun(run)
  return run
}

/** Processor time of an order, in milliseconds, over all processes but the one that sends it. */
export function cpuMsPerOrder({ cores, endedPerSecond }: Run): number {
  const used = Object.entries(cores).reduce((sum, [name, busy]) => (name === 'load' ? sum : sum + busy), 0)
  return endedPerSecond === 0 ? 0 : Math.round((used / endedPerSecond) * 100_000) / 100
}

/**
 * The run that was disturbed least by whatever else the machine did: the fastest of a closed load, the one with the
 * lowest median latency of an open one.
 */
export function leastDisturbed(runs: readonly Run[]): Run {
  const [run] = runs.toSorted((one, other) =>
    one.load.kind === 'closed' ? other.endedPerSecond - one.endedPerSecond : one.toNotified.p50 - other.toNotified.p50,
  )
  if (run === undefined) throw new Error('There is no run')
  return run
}
