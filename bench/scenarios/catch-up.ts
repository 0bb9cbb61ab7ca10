import { setTimeout as sleep } from 'node:timers/promises'
import { measure } from '../measure/run.ts'
import type { System } from '../system.ts'
import { emptyTables, type World } from '../world.ts'
import type { Effort, Findings } from './part.ts'
import { judged, startWarm } from './trial.ts'

const perSecond = 100
const seconds = 24
const stopAfterMs = 3_000
const awayMs = 10_000
const pollMs = 100

/**
 * Connect is stopped while orders keep coming and is started again: how fast are those that waited brought to their
 * end, with the new ones coming on top of them.
 */
export async function catchUp(world: World, { seed, scale, say }: Effort): Promise<Findings> {
  say('catching up after Connect was away')
  await emptyTables(world)
  const system = world.paysaga('paysaga', 'in-process')
  try {
    await startWarm(system, { seed, scale })
    const running = measure(withoutConnect(system), { kind: 'open', intensity: perSecond, seconds, seed: seed + 1 })
    const [gap, run] = await Promise.all([interrupt(world, system), running.then(judged)])
    const factor = Math.round((gap.endedPerSecond / perSecond) * 10) / 10
    return {
      text: [
        'Catching up\n',
        `${perSecond} orders a second come all the time; Connect is away for ${awayMs / 1_000} s.`,
        `Back, it brings ${gap.endedPerSecond} orders a second to their end until nobody waits: ${factor} times what comes in,`,
        `and ${gap.seconds} s after its start the last one that had waited is done.`,
      ].join('\n'),
      runs: [run],
      figures: { catchUpFactor: factor, catchUpSeconds: gap.seconds },
      plots: {},
    }
  } finally {
    await system.stop()
  }
}

/** It is stopped on purpose, which would void the run. */
function withoutConnect(system: System): System {
  const processes = async () => new Map([...(await system.processes())].filter(([name]) => name !== 'connect'))
  return { ...system, processes }
}

/** @returns the pace from the first order that ends after the interruption until as many have ended as were sent. */
async function interrupt({ stack, query }: World, system: System) {
  await sleep(stopAfterMs)
  await stack.stop('connect')
  await sleep(awayMs)
  const quiet = await system.countEnded()
  await stack.start('connect')
  const readyAt = performance.now()
  let flowsSince: number | undefined
  for (;;) {
    await sleep(pollMs)
    const now = performance.now()
    const ended = await system.countEnded()
    if (ended > quiet) flowsSince ??= now - pollMs
    const [placed] = await query<{ count: number }>('select count(*)::int as count from order_service.orders')
    const underWay = (placed?.count ?? 0) - ended
    // About as many as are under way at this pace anyway.
    if (flowsSince !== undefined && underWay < perSecond / 2) {
      return {
        endedPerSecond: Math.round(((ended - quiet) / (now - flowsSince)) * 1_000),
        seconds: Math.round((now - readyAt) / 100) / 10,
      }
    }
    if (now - readyAt > 120_000) throw new Error('Connect came back and the orders that waited did not end')
  }
}
