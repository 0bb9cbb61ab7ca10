import { sweepPlot } from '../report/sweep-plot.ts'
import { formatTable } from '../report/table.ts'
import type { Run, System } from '../system.ts'
import type { BuildName } from '../systems/paysaga/builds.ts'
import { inBuild } from '../systems/paysaga/system.ts'
import { furnishTopics } from '../topics.ts'
import { emptyTables, replicaNames, type World } from '../world.ts'
import type { Effort, Findings } from './part.ts'
import { closed, coldSeconds, open, trial } from './trial.ts'

const loads = [closed(5), open(100, 4)] as const
const usualPartitions = 4
const replicated = ['order', 'payment', 'notification'] as const

interface Point {
  readonly setting: string
  readonly runs: readonly Run[]
}

/** How throughput and latency change with the partitions of a topic, the processes of a service, and the batch size. */
export async function growth(world: World, effort: Effort): Promise<Findings> {
  const at = async (setting: string, system: System, warmUp?: number): Promise<Point> => {
    effort.say(`how it grows: ${system.name}`)
    await emptyTables(world)
    return { setting, runs: await trial(system, loads, { ...effort, ...(warmUp === undefined ? {} : { warmUp }) }) }
  }
  const partitions: Point[] = []
  for (const count of [1, 2, 8]) {
    await furnishTopics(world, count)
    // New topics are another start of Connect.
    partitions.push(await at(`${count}`, world.paysaga(`${count} partitions`, 'in-process'), coldSeconds))
  }
  await furnishTopics(world, usualPartitions)
  const usual = await at('', world.paysaga('4 partitions, 1 process, batches of 500', 'in-process'), coldSeconds)
  partitions.splice(2, 0, { ...usual, setting: `${usualPartitions}` })
  const replicas = [{ ...usual, setting: '1' }]
  for (const count of [2, 3]) replicas.push(await at(`${count}`, withReplicas(world, count)))
  const batches: Point[] = []
  for (const [build, setting] of batchBuilds) {
    batches.push(await at(setting, world.paysaga(`batches of ${setting}`, build)))
  }
  batches.push({ ...usual, setting: '500' })
  const sweeps = [
    { name: 'partitions', points: partitions },
    { name: 'processes of each service', points: replicas },
    { name: 'messages in a batch, at most', points: batches },
  ]
  return conclude(sweeps)
}

const batchBuilds = [
  ['batch-10', '10'],
  ['batch-100', '100'],
] as const satisfies readonly (readonly [BuildName, string])[]

function conclude(sweeps: readonly { readonly name: string; readonly points: readonly Point[] }[]): Findings {
  const drawn = sweeps.map(({ name, points }) => ({
    name,
    points: points.map(({ setting, runs: [saturated, busy] }) => ({
      setting,
      sagasPerSecond: Math.round(saturated?.endedPerSecond ?? 0),
      p50Ms: busy?.toNotified.p50 ?? 0,
      p95Ms: busy?.toNotified.p95 ?? 0,
    })),
  }))
  const rows = drawn.flatMap(({ name, points }) =>
    points.map(({ setting, sagasPerSecond, p50Ms, p95Ms }) => [name, setting, sagasPerSecond, p50Ms, p95Ms]),
  )
  return {
    text: [
      'How it grows\n',
      'On this one machine. Latencies in ms at 100 orders a second.',
      formatTable(
        ['what', '', 'orders/s', 'p50', 'p95'].map((title, index) => ({
          title,
          align: index === 0 ? 'left' : 'right',
        })),
        rows,
      ),
    ].join('\n'),
    runs: [...new Set(sweeps.flatMap(({ points }) => points.flatMap(({ runs }) => runs)))],
    figures: {},
    plots: {
      growth: sweepPlot(
        {
          title: 'How it grows on one machine',
          subtitle: 'Throughput with 32 connections; latency at 100 orders a second',
        },
        drawn,
      ),
    },
  }
}

/** Orders are all sent to the first process of the order service; what they cause is shared. */
function withReplicas(world: World, count: number): System {
  const system = world.paysaga(`${count} processes of each service`, 'in-process')
  const others = replicaNames.slice(0, count - 1).map(world.replica)
  return {
    ...system,
    start: async () => {
      await system.start()
      for (const services of others) {
        await Promise.all(replicated.map((name) => services.start(name, inBuild('in-process'))))
      }
    },
    stop: async () => {
      await Promise.all(others.map((services) => services.stopAll()))
      await system.stop()
    },
    processes: async () => {
      const more = await Promise.all(others.map((services) => services.status()))
      const running = more.flatMap((statuses, index) =>
        statuses.flatMap(({ name, pid }) => (pid === undefined ? [] : [[`${name} ${index + 2}`, pid] as const])),
      )
      return new Map([...(await system.processes()), ...running])
    },
  }
}
