import { randomInt } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { print } from '../../infra/cli/support/display/output.ts'
import { ProgressLine } from '../../infra/cli/support/display/progress-line.ts'
import { beginRun } from '../../infra/runs/run.ts'
import { build } from './build.ts'
import { type Campaign, type Failure, type Report, RunningCampaign } from './campaign/campaign.ts'
import { shrink } from './campaign/shrink.ts'

// `make simulate`: as many sagas as are wanted, from one seed. SEED=7 repeats all of a run, SEED=7:1234 one saga of it.

/** Whatever goes round in circles has shown it by then. */
const linesMax = 200
/** So long nothing is heard of Ctrl-C. */
const sliceMs = 100

const [seedText = '', runsText = ''] = process.argv.slice(2)
if (!/^(\d+(:\d+)?)?$/.test(seedText) || !/^\d*$/.test(runsText)) throw new Error('SEED is 7 or 7:1234, RUNS a number')
const [seed = '', only] = seedText.split(':')
const wanted: Campaign = {
  build,
  seed: Number(seed) || randomInt(1, 1_000_000_000),
  runs: only === undefined ? Number(runsText) || 100_000 : 1,
  from: Number(only ?? 0),
}

print(`SEED=${wanted.seed}`)
const startedAt = performance.now()
const running = new RunningCampaign(wanted)
const progress = new ProgressLine()
beginRun({
  name: 'simulate',
  onInterrupt: () => {
    progress.end()
    const report = running.report()
    const verdict = report.failure === undefined ? 'which broke no law:' : 'of which the last broke a law:'
    print(`interrupted after ${running.worlds} of ${wanted.runs} worlds, ${verdict}`)
    printReport(report)
    if (report.failure !== undefined) printFailure(report.failure)
  },
})
while (!running.isOver) {
  const sliceEnd = performance.now() + sliceMs
  while (!running.isOver && performance.now() < sliceEnd) running.runNext()
  progress.show(`${running.worlds} of ${wanted.runs} worlds`)
  await setImmediate()
}
progress.end()
const report = running.report()
printReport(report)
process.exitCode = isFailed(report) ? 1 : 0

function printReport({ sagas, steps, struck, wished, met, ends }: Report): void {
  const seconds = (performance.now() - startedAt) / 1_000
  // What of a shared machine was ours.
  const perSecond = Math.round(sagas / (process.cpuUsage().user / 1_000_000))
  print(`${sagas} sagas, ${steps} steps in ${seconds.toFixed(1)} s: ${perSecond} sagas a second of one core`)
  table('what struck', struck)
  table('what clients wanted', wished)
  table('what was said and decided, in worlds', met)
  table('how they ended', ends)
}

function table(title: string, counts: ReadonlyMap<string, number>): void {
  print(`\n${title}`)
  for (const [name, count] of [...counts].toSorted(([, one], [, other]) => other - one)) {
    print(`${`${count}`.padStart(9)}  ${name}`)
  }
}

function printFailure({ broken, run }: Failure): void {
  print(`\nBROKEN: ${broken}`)
  print(`SEED=${wanted.seed}:${run} repeats it.`)
}

function isFailed({ failure, missed }: Report): boolean {
  if (failure !== undefined) {
    printFailure(failure)
    print('The shortest history found:\n')
    const { history } = shrink(build, failure.tape, failure.broken)
    for (const line of history.slice(0, linesMax)) print(line)
    if (history.length > linesMax) print(`… ${history.length - linesMax} more`)
    return true
  }
  // One saga alone need not have met everything.
  if (missed.length === 0 || only !== undefined) return false
  print(`\nvoid: it never came to ${missed.join(', ')}`)
  return true
}
