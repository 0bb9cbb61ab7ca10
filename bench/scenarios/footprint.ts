import { setTimeout as sleep } from 'node:timers/promises'
import { coresBetween, readMemory, readUsage } from '../measure/processes.ts'
import { formatTable } from '../report/table.ts'
import type { System } from '../system.ts'
import { emptyTables, type World } from '../world.ts'
import type { Effort, Findings } from './part.ts'
import { closed, trial } from './trial.ts'

/** Compilers and the first garbage collections are done by then. */
const settleMs = 8_000
const idleMs = 10_000

/** Time to ready, memory and idle processor time of everything that `make up` starts. */
export async function footprint(world: World, effort: Effort): Promise<Findings> {
  const { say, scale } = effort
  const system = world.paysaga('paysaga', undefined)
  say('time to ready')
  await system.stop()
  await world.stack.stop()
  const startedAt = performance.now()
  await world.stack.start()
  const stackSeconds = secondsSince(startedAt)
  await system.start()
  const readySeconds = secondsSince(startedAt)

  say('idle')
  await sleep(settleMs * scale)
  const processes = await system.processes()
  const before = await readUsage(processes)
  await sleep(idleMs * scale)
  const cores = coresBetween(before, await readUsage(processes))
  const fresh = await readMemory(processes)

  say('memory after a load')
  const { memory: worked, run } = await memoryAfterLoad(world, system, effort)
  const rows = [...processes.keys()].map((name) => [
    name,
    toMib(fresh.get(name)),
    toMib(worked.get(name)),
    (cores[name] ?? 0).toFixed(3),
  ])
  const total = ['all', toMib(sum(fresh)), toMib(sum(worked)), idleCores(cores).toFixed(3)]
  return {
    text: [
      'What it takes\n',
      `Ready ${readySeconds} s after the start of everything (stack alone ${stackSeconds} s), data and caches there.`,
      formatTable(
        [
          { title: 'process', align: 'left' },
          { title: 'MiB fresh', align: 'right' },
          { title: `MiB after ${run.orders} orders`, align: 'right' },
          { title: 'cores idle', align: 'right' },
        ],
        [...rows, total],
      ),
    ].join('\n'),
    runs: [run],
    figures: {
      readySeconds,
      stackReadySeconds: stackSeconds,
      idleCores: idleCores(cores),
      memoryMibFresh: toMib(sum(fresh)),
      memoryMibAfterLoad: toMib(sum(worked)),
    },
    plots: {},
  }
}

async function memoryAfterLoad(world: World, system: System, effort: Effort) {
  await emptyTables(world)
  let memory: ReadonlyMap<string, number> = new Map()
  const watched: System = {
    ...system,
    stop: async () => {
      memory = await readMemory(await system.processes())
      await system.stop()
    },
  }
  const [run] = await trial(watched, [closed(8)], effort)
  if (run === undefined) throw new Error('There is no run')
  return { memory, run }
}

const secondsSince = (startedAt: number): number => Math.round((performance.now() - startedAt) / 100) / 10
const toMib = (bytes: number | undefined): number => Math.round((bytes ?? 0) / 1_048_576)
const sum = (values: ReadonlyMap<string, number>): number => [...values.values()].reduce((all, value) => all + value, 0)
const idleCores = (cores: Readonly<Record<string, number>>): number =>
  Math.round(Object.values(cores).reduce((all, value) => all + value, 0) * 1_000) / 1_000
