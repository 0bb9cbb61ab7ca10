import { formatTable } from '../report/table.ts'
import { emptyTables, type World } from '../world.ts'
import type { Effort, Findings } from './part.ts'
import { closed, open, trial } from './trial.ts'

/** The services as they are: the gateway is called over HTTP, mails leave by SMTP, and both write to disk first. */
export async function overHttp(world: World, effort: Effort): Promise<Findings> {
  effort.say('with the gateway over HTTP and mails by SMTP')
  await emptyTables(world)
  const runs = await trial(
    world.paysaga('paysaga, gateway over HTTP', undefined),
    [closed(8), open(20, 8), open(100, 8)],
    effort,
  )
  const rows = runs.map((run) => [
    run.load.kind === 'closed' ? `${run.load.intensity} connections` : `${run.load.intensity} a second`,
    Math.round(run.endedPerSecond),
    run.toNotified.p50,
    run.toNotified.p95,
    run.toNotified.p99,
    run.toPaid.p50,
    run.toPaid.p99,
    run.cpuMsPerOrder,
  ])
  return {
    text: [
      'With a gateway over HTTP\n',
      'Gateway over HTTP to the simulator, mails by SMTP to the sink, both on this machine. Latencies in ms.',
      formatTable(
        ['load', 'orders/s', 'notified p50', 'p95', 'p99', 'paid p50', 'p99', 'CPU ms/order'].map((title, index) => ({
          title,
          align: index === 0 ? 'left' : 'right',
        })),
        rows,
      ),
    ].join('\n'),
    runs,
    figures: {},
    plots: {},
  }
}
