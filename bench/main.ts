import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfig } from '../infra/config.ts'
import { withLock } from '../infra/process/lock.ts'
import { type BenchConfig, type PartName, readBenchConfig } from './config.ts'
import { describeMachine } from './measure/machine.ts'
import { catchUp } from './parts/catch-up.ts'
import { comparison } from './parts/comparison.ts'
import { costs } from './parts/costs.ts'
import { footprint } from './parts/footprint.ts'
import { growth } from './parts/growth.ts'
import { overHttp } from './parts/over-http.ts'
import type { Effort, Findings, Say } from './parts/part.ts'
import { rows } from './parts/rows.ts'
import { writeReport } from './report/report.ts'
import { furnish, openWorld, type World } from './world.ts'

const startedAt = performance.now()
const say: Say = (text) => {
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  process.stdout.write(`[${String(seconds).padStart(3)} s] ${text}\n`)
}

/** Two at one time would measure each other. */
const lockWaitMs = 500

try {
  const config = readBenchConfig()
  await withLock(join(readConfig().stack.directory, 'bench.lock'), lockWaitMs, () => bench(config))
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

async function bench(config: BenchConfig): Promise<void> {
  const { directory } = readConfig().stack
  const machine = await describeMachine()
  const world = await openWorld(join(directory, 'bench'), config.SCALE < 1 ? 'test' : 'production')
  const parts: Record<string, Findings> = {}
  // A stack that nobody stops would outlive its bench: its processes are detached.
  const interrupted = Promise.withResolvers<never>()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Each time: the second one would otherwise end this process and leave the stack.
    process.on(signal, () => {
      say(`${signal}: stopping`)
      interrupted.reject(new Error('The bench was interrupted'))
    })
  }
  const measured = async (): Promise<void> => {
    say('a stack of its own')
    // What an earlier one could not end, and its data.
    await world.stop()
    await rm(world.stack.directory, { recursive: true, force: true })
    await world.stack.prepare(say)
    await world.stack.start()
    await furnish(world)
    for (const name of config.ONLY) {
      parts[name] = await part(name, world, config)
      process.stdout.write(`\n${parts[name].text}\n\n`)
      // Each time: what comes after may fail.
      const files = await writeReport(join(directory, 'bench-results'), { machine, config, parts })
      say(`written to ${files.join(', ')}`)
    }
  }
  try {
    await Promise.race([measured(), interrupted.promise])
  } finally {
    await world.stop()
  }
  await rm(world.stack.directory, { recursive: true, force: true })
}

function part(name: PartName, world: World, { SEED: seed, SCALE: scale, ROWS: count }: BenchConfig): Promise<Findings> {
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
