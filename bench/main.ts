import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ProgressLine, secondsSince } from '../infra/cli/support/display/progress-line.ts'
import { readConfig } from '../infra/config.ts'
import { withLock } from '../infra/process/lock.ts'
import { beginRun } from '../infra/runs/run.ts'
import { ownerLives } from '../infra/runs/run-id.ts'
import { type BenchConfig, type PartName, readBenchConfig } from './config.ts'
import { describeMachine } from './measure/machine.ts'
import { writeReport } from './report/report.ts'
import { catchUp } from './scenarios/catch-up.ts'
import { comparison } from './scenarios/comparison.ts'
import { costs } from './scenarios/costs.ts'
import { footprint } from './scenarios/footprint.ts'
import { growth } from './scenarios/growth.ts'
import { overHttp } from './scenarios/over-http.ts'
import type { Effort, Findings, Say } from './scenarios/part.ts'
import { rows } from './scenarios/rows.ts'
import { furnish, openWorld, type World } from './world.ts'

/** Two at one time would measure each other. */
const lockWaitMs = 500

const startedAt = performance.now()
const progress = new ProgressLine()

function write(text: string): void {
  progress.clear()
  process.stdout.write(text)
}

try {
  const config = readBenchConfig()
  const { directory } = readConfig().stack
  const parts: Record<string, Findings> = {}
  const { id } = beginRun({
    name: 'bench',
    folders: (run) => [join(directory, 'bench', run)],
    onInterrupt: () => {
      progress.end()
      write(`interrupted: ${Object.keys(parts).length} of ${config.ONLY.length} parts are done\n`)
    },
  })
  await withLock(join(directory, 'bench.lock'), lockWaitMs, () => bench({ config, directory, id, parts }))
} catch (error) {
  progress.end()
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
progress.end()

interface Bench {
  readonly config: BenchConfig
  readonly directory: string
  /** Of the run: what it starts and makes ends with it (infra/runs). */
  readonly id: string
  /** What has been found until now. */
  readonly parts: Record<string, Findings>
}

async function bench({ config, directory, id, parts }: Bench): Promise<void> {
  const machine = await describeMachine()
  await removeOld(join(directory, 'bench'))
  const world = await openWorld(join(directory, 'bench', id), config.SCALE < 1 ? 'test' : 'production')
  const say = sayerOf(config, parts)
  try {
    say('a stack of its own')
    await world.stack.prepare(say)
    await world.stack.start()
    await furnish(world)
    for (const name of config.ONLY) {
      parts[name] = await part(name, world, { config, say })
      write(`\n${parts[name].text}\n\n`)
      // Each time: what comes after may fail.
      const files = await writeReport(join(directory, 'bench-results'), { machine, config, parts })
      say(`written to ${files.join(', ')}`)
    }
  } finally {
    await world.stop()
  }
  await rm(world.stack.directory, { recursive: true, force: true })
}

/** Says a step, and then for how long it goes on already. */
function sayerOf({ ONLY: wanted }: BenchConfig, parts: Readonly<Record<string, Findings>>): Say {
  return (text) => {
    write(`[${secondsSince(startedAt, performance.now())}] ${text}\n`)
    progress.show(`${Object.keys(parts).length} of ${wanted.length} parts done; ${text}`)
  }
}

/** Data of benches that were killed with everything that would have removed it. */
async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (!ownerLives(name)) await rm(join(folder, name), { recursive: true, force: true })
}

interface Chosen {
  readonly config: BenchConfig
  readonly say: Say
}

function part(name: PartName, world: World, { config, say }: Chosen): Promise<Findings> {
  const { SEED: seed, SCALE: scale, ROWS: count } = config
  const effort: Effort = { seed, scale, rounds: scale < 1 ? 1 : 2, say }
  switch (name) {
    case 'footprint':
      return footprint(world, effort)
    case 'comparison':
      return comparison(world, effort)
    case 'over-http':
      return overHttp(world, effort)
    case 'catch-up':
      return catchUp(world, effort)
    case 'costs':
      return costs(world, effort)
    case 'growth':
      return growth(world, effort)
    case 'rows':
      return rows(world, count, say)
  }
}
