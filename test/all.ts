import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beginRun } from '../infra/runs/run.ts'
import { closingLine, noCounts, parseCounts, sumOf } from './support/counts.ts'
import { measureSlowness } from './support/machine.ts'

/*
 * `make test`: every project that needs no Docker. What needs the processor most comes first. The rest runs in two lanes,
 * each on stacks of its own: it mostly waits, for time-outs and for JVMs that start. The sagas are twice as long as infra,
 * so some of them follow infra.
 */
const followInfra = ['crash-points', 'replicas', 'restart', 'start-order'].map((name) => `crashes/${name}.test.ts`)

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = join(root, 'node_modules', '.bin', 'vitest')
// What it starts, and the folder, end with it, whatever ends it.
beginRun({ name: 'test', onInterrupt: () => process.stdout.write(`\n${closingLine({ ...noCounts, failed: 1 })}\n`) })
const folder = await mkdtemp(join(tmpdir(), 'paysaga-all-'))
// Once, and not by each of two that start together.
const slowness = process.env['TEST_SLOWNESS'] ?? (await measureSlowness()).toFixed(1)
const countFiles: string[] = []

interface Run {
  readonly projects: readonly string[]
  /** All files of the projects unless given. */
  readonly files?: readonly string[]
  /** Where its output goes, the terminal unless given. */
  readonly output?: string
}

/** Runs some projects in a process of their own. */
async function run({ projects, files = [], output }: Run): Promise<void> {
  const counts = join(folder, `${countFiles.length}.counts`)
  countFiles.push(counts)
  const args = [vitest, 'run', '--config', 'test/vitest.config.ts', ...files]
  args.push(...projects.flatMap((name) => ['--project', name]))
  await using file = output === undefined ? undefined : await open(output, 'a')
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: file === undefined ? 'inherit' : ['ignore', file.fd, file.fd],
    env: { ...process.env, TEST_SLOWNESS: slowness, TEST_COUNTS: counts },
  })
  await once(child, 'exit')
}

try {
  await run({ projects: ['unit', 'simulation', 'integration'] })
  const names = await readdir(join(root, 'test', 'saga'), { recursive: true })
  const sagas = names.filter((name) => name.endsWith('.test.ts'))
  const filesOf = (chosen: readonly string[]) => chosen.map((name) => `test/saga/${name}`)
  const output = join(folder, 'second-lane.log')
  const secondLane = async () => {
    await run({ projects: ['infra'], output })
    await run({ projects: ['saga'], files: filesOf(sagas.filter((name) => followInfra.includes(name))), output })
  }
  const others = filesOf(sagas.filter((name) => !followInfra.includes(name)))
  await Promise.all([run({ projects: ['saga'], files: others }), secondLane()])
  process.stdout.write(await readFile(output, 'utf8').catch(() => ''))
} finally {
  const lines = await Promise.all(countFiles.map((file) => readFile(file, 'utf8').catch(() => '')))
  // A run that died before it could count is a failure, and not an empty success.
  const total = sumOf(lines.map((line) => parseCounts(line) ?? { ...noCounts, failed: 1 }))
  await rm(folder, { recursive: true, force: true })
  process.stdout.write(`\n${closingLine(total)}\n`)
  process.exitCode = Number(total.failed > 0)
}
