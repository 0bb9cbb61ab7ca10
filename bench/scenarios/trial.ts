import { measure } from '../measure/run.ts'
import type { Load, Run, System } from '../system.ts'
import { type Effort, VoidRun } from './part.ts'

/** Compiled code, filled caches, open connections: a run begins where a day of work would be. */
const warmUpSeconds = 4
/** Connect's compiler needs so long under load until it is done. */
export const coldSeconds = 12

export const closed = (seconds: number) => ({ kind: 'closed', intensity: 32, seconds }) as const
export const open = (perSecond: number, seconds: number) => ({ kind: 'open', intensity: perSecond, seconds }) as const

type WarmUp = Pick<Effort, 'seed' | 'scale'> & { readonly warmUp?: number }

/** Starts a system and warms it up. @throws VoidRun as `trial` */
export async function startWarm(system: System, { seed, scale, warmUp = warmUpSeconds }: WarmUp): Promise<void> {
  await system.start()
  judged(await measure(system, scaled({ ...closed(warmUp), seed }, scale)))
}

/**
 * Starts a system, warms it up, loads it as told, one load after the other, and stops it.
 * @throws VoidRun when an order was lost, doubled or left hanging
 */
export async function trial(
  system: System,
  loads: readonly Omit<Load, 'seed'>[],
  effort: WarmUp,
): Promise<readonly Run[]> {
  const { seed, scale } = effort
  try {
    await startWarm(system, effort)
    const runs: Run[] = []
    for (const [index, load] of loads.entries())
      runs.push(judged(await measure(system, scaled({ ...load, seed: seed + index + 1 }, scale))))
    await system.stop()
    return runs
  } catch (error) {
    // What went wrong is not that what went wrong could not be stopped in good order.
    await system.stop().catch(() => undefined)
    throw error
  }
}

const scaled = (load: Load, scale: number): Load => ({ ...load, seconds: Math.max(0.5, load.seconds * scale) })

/** @throws VoidRun when an order was lost, doubled or left hanging */
export function judged(run: Run): Run {
  if (run.faults.length > 0) throw new VoidRun(run)
  return run
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
