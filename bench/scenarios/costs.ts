import { withoutConnector } from '../connector.ts'
import { formatTable } from '../report/table.ts'
import type { Run } from '../system.ts'
import * as queries from '../systems/ablations/queries.ts'
import { type BuildName, needsConnect } from '../systems/paysaga/builds.ts'
import { emptyTables, type World } from '../world.ts'
import type { Effort, Findings } from './part.ts'
import { closed, leastDisturbed, open, trial } from './trial.ts'

const guarantees = [
  ['in-process', 'all guarantees', ''],
  [
    'without-version-gate',
    'no version gate',
    'a repeat is decided anew; one missing, overtaking or forged is not noticed',
  ],
  ['without-history', 'no history', 'nobody can tell how an order came to its state'],
  ['without-effects', 'no effects', 'a crash forgets calls under way: the order hangs'],
  ['without-outbox', 'no outbox', 'a crash between commit and produce loses the event'],
  ['without-any', 'none of these', 'all of that'],
] as const satisfies readonly (readonly [build: BuildName, title: string, loses: string])[]

/** What each guarantee costs: builds of this system that lack it, in turns with the one that has them all. */
export async function costs(world: World, { seed, scale, rounds, say }: Effort): Promise<Findings> {
  const runs: Run[] = []
  for (let round = 1; round <= rounds; round += 1) {
    for (const [build, title] of round % 2 === 1 ? guarantees : guarantees.toReversed()) {
      say(`what it costs, round ${round} of ${rounds}: ${title}`)
      await emptyTables(world)
      const system = world.paysaga(title, build, queries)
      const attempt = () => trial(system, [closed(5), open(100, 4)], { scale, seed: seed * 100 + round * 10 })
      runs.push(...(await (needsConnect(build) ? attempt() : withoutConnector(world, attempt))))
    }
  }
  const of = (title: string, kind: 'closed' | 'open'): Run =>
    leastDisturbed(runs.filter(({ system, load }) => system === title && load.kind === kind))
  const all = of('all guarantees', 'closed')
  const rows = guarantees.map(([, title, loses]) => {
    const [saturated, busy] = [of(title, 'closed'), of(title, 'open')]
    const more = Math.round((saturated.endedPerSecond / all.endedPerSecond - 1) * 100)
    return [
      title,
      Math.round(saturated.endedPerSecond),
      `${more >= 0 ? '+' : ''}${more} %`,
      saturated.cpuMsPerOrder,
      busy.cpuMsPerOrder,
      busy.toPaid.p50,
      busy.toPaid.p99,
      loses,
    ]
  })
  return {
    text: ['What each guarantee costs\n', 'Builds that lack it.', formatTable(columns, rows)].join('\n'),
    runs,
    figures: {},
    plots: {},
  }
}

const right = (title: string) => ({ title, align: 'right' }) as const
const columns = [
  { title: 'build', align: 'left' },
  right('orders/s'),
  right(''),
  right('CPU ms/order'),
  right('at 100/s'),
  right('paid p50 at 100/s'),
  right('p99'),
  { title: 'what it loses', align: 'left' },
] as const
