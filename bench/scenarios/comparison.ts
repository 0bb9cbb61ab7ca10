import { withoutConnector } from '../connector.ts'
import { barPlot } from '../report/bar-plot.ts'
import { formatTable } from '../report/table.ts'
import type { Run, System } from '../system.ts'
import { emptyBaseline } from '../systems/dual-write/data.ts'
import { type Ceiling, measureCeiling } from '../systems/postgres-only/ceiling.ts'
import { emptyTables, type World } from '../world.ts'
import type { Effort, Findings } from './part.ts'
import { closed, coldSeconds, leastDisturbed, open, trial } from './trial.ts'

const saturating = closed(7)
const calm = open(20, 6)
const busy = open(100, 7)
const loads = [saturating, calm, busy] as const

/** Throughput and latency with all guarantees, of the usual way without them, and of PostgreSQL alone; in turns. */
export async function comparison(world: World, effort: Effort): Promise<Findings> {
  const { seed, scale, rounds, say } = effort
  const ours = world.paysaga('paysaga', 'in-process')
  const systems = [ours, world.baseline('hold-then-capture'), world.baseline('at-once')]
  const runs: Run[] = []
  const ceilings: Ceiling[] = []
  say('comparison: warming up')
  await trial(ours, [], { ...effort, warmUp: coldSeconds })
  for (let round = 1; round <= rounds; round += 1) {
    // In turns, and each round the other way about: what else the machine does hits all of them.
    for (const system of round % 2 === 1 ? systems : systems.toReversed()) {
      say(`comparison, round ${round} of ${rounds}: ${system.name}`)
      const attempt = () => trial(system, loads, { scale, seed: seed * 100 + round * 10 })
      if (system === ours) await emptyTables(world)
      else await emptyBaseline(world.stack)
      runs.push(...(await (system === ours ? attempt() : withoutConnector(world, attempt))))
    }
    say(`comparison, round ${round} of ${rounds}: the ceiling`)
    ceilings.push(await withoutConnector(world, () => ceilingOf(world, Math.max(1, 8 * scale), seed)))
  }
  return conclude(systems, runs, ceilings)
}

async function ceilingOf({ stack }: World, seconds: number, seed: number): Promise<Ceiling> {
  const ceiling = await measureCeiling({ stack, seconds, seed })
  if (ceiling.faults.length > 0) throw new Error(`The ceiling: ${ceiling.faults.join('; ')}`)
  return ceiling
}

function conclude(systems: readonly System[], runs: readonly Run[], ceilings: readonly Ceiling[]): Findings {
  const of = (system: string, { kind, intensity }: (typeof loads)[number]): Run =>
    leastDisturbed(
      runs.filter(({ system: name, load }) => name === system && load.kind === kind && load.intensity === intensity),
    )
  const throughput = (name: string): number => of(name, saturating).endedPerSecond
  const [highest] = ceilings.toSorted((one, other) => other.ordersPerSecond - one.ordersPerSecond)
  const ceiling = Math.round(highest?.ordersPerSecond ?? 0)
  const rows = systems.map(({ name }) => {
    const [saturated, atEase, atWork] = [of(name, saturating), of(name, calm), of(name, busy)]
    return [
      name,
      Math.round(saturated.endedPerSecond),
      atEase.toNotified.p50,
      atEase.toNotified.p95,
      atWork.toNotified.p50,
      atWork.toNotified.p95,
      atWork.toNotified.p99,
      atWork.toPaid.p50,
      saturated.cpuMsPerOrder,
    ]
  })
  const [ours = '', usual = '', short = ''] = systems.map(({ name }) => name)
  return {
    text: [
      'Compared\n',
      'The gateway approves within the process. Latencies in ms, from the planned sending to the notification row.',
      formatTable(columns, [...rows, ['PostgreSQL alone, a plain loop', ceiling, ...Array(7).fill('')]]),
    ].join('\n'),
    runs,
    figures: {
      ordersPerSecond: throughput(ours),
      timesTheDualWrite: ratio(throughput(ours), throughput(usual)),
      timesTheDualWriteChargedAtOnce: ratio(throughput(ours), throughput(short)),
      timesTheCeiling: ratio(throughput(ours), ceiling),
      ceilingOrdersPerSecond: ceiling,
      ceilingStatementsPerOrder: highest?.statementsPerOrder ?? 0,
      ceilingTransactionsPerOrder: highest?.transactionsPerOrder ?? 0,
      p50MsAt100PerSecond: of(ours, busy).toNotified.p50,
      p99MsAt100PerSecond: of(ours, busy).toNotified.p99,
    },
    plots: {
      comparison: barPlot(
        { title: 'Orders brought to their end in a second', subtitle: '32 connections, everything on one machine' },
        'orders a second',
        [
          ...systems.map(({ name }) => ({ label: name, value: Math.round(throughput(name)) })),
          { label: 'PostgreSQL alone', value: ceiling },
        ],
      ),
    },
  }
}

const right = (title: string) => ({ title, align: 'right' }) as const
const columns = [
  { title: 'system', align: 'left' },
  right('orders/s'),
  ...['p50', 'p95'].map((name) => right(`${name} at 20/s`)),
  ...['p50', 'p95', 'p99'].map((name) => right(`${name} at 100/s`)),
  right('paid, p50 at 100/s'),
  right('CPU ms/order'),
] as const

const ratio = (one: number, other: number): number => Math.round((one / other) * 100) / 100
