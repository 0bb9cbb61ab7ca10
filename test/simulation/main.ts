import { randomInt } from 'node:crypto'
import { build } from './build.ts'
import { type Campaign, campaign, type Report } from './campaign.ts'
import { shrink } from './shrink.ts'

// `make simulate`: as many sagas as are wanted, from one seed. SEED=7 repeats all of a run, SEED=7:1234 one saga of it.

/** Whatever goes round in circles has shown it by then. */
const linesMax = 200

const [seedText = '', runsText = ''] = process.argv.slice(2)
if (!/^(\d+(:\d+)?)?$/.test(seedText) || !/^\d*$/.test(runsText)) throw new Error('SEED is 7 or 7:1234, RUNS a number')
const [seed = '', only] = seedText.split(':')
const wanted: Campaign = {
  build,
  seed: Number(seed) || randomInt(1, 1_000_000_000),
  runs: only === undefined ? Number(runsText) || 100_000 : 1,
  from: Number(only ?? 0),
}

const print = (line = ''): void => void process.stdout.write(`${line}\n`)

print(`SEED=${wanted.seed}`)
const startedAt = performance.now()
const report = campaign(wanted)
const seconds = (performance.now() - startedAt) / 1_000
// What of a shared machine was ours.
const cpuSeconds = process.cpuUsage().user / 1_000_000

const perSecond = Math.round(report.sagas / cpuSeconds)
print(
  `${report.sagas} sagas, ${report.steps} steps in ${seconds.toFixed(1)} s: ${perSecond} sagas a second of one core`,
)
table('what struck', report.struck)
table('what clients wanted', report.wished)
table('what was said and decided, in worlds', report.met)
table('how they ended', report.ends)
process.exitCode = isFailed(report) ? 1 : 0

function table(title: string, counts: ReadonlyMap<string, number>): void {
  print(`\n${title}`)
  for (const [name, count] of [...counts].toSorted(([, one], [, other]) => other - one)) {
    print(`${`${count}`.padStart(9)}  ${name}`)
  }
}

function isFailed({ failure, missed }: Report): boolean {
  if (failure !== undefined) {
    print(`\nBROKEN: ${failure.broken}`)
    print(`SEED=${wanted.seed}:${failure.run} repeats it. The shortest history found:\n`)
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
