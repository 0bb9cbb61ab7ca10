import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beginRun } from '../infra/runs/run.ts'
import { closingLine, noCounts, parseCounts, sumOf } from './support/counts.ts'
import { measureSlowness } from './support/machine.ts'

/*
 * `make test`: every project that needs no Docker. What needs the processor most comes first. Then infra and saga run side
 * by side: both mostly wait, for time-outs, for JVMs that start, and what they stand on is their own.
 */

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = join(root, 'node_modules', '.bin', 'vitest')
// What it starts, and the folder, end with it, whatever ends it.
beginRun({ name: 'test', onInterrupt: () => process.stdout.write(`\n${closingLine({ ...noCounts, failed: 1 })}\n`) })
const folder = await mkdtemp(join(tmpdir(), 'paysaga-all-'))
// Once, and not by each of two that start together.
const slowness = process.env['TEST_SLOWNESS'] ?? (await measureSlowness()).toFixed(1)
const countFiles: string[] = []

/** Runs some projects in a process of their own. @param output where it goes, the terminal unless given */
async function run(projects: readonly string[], output?: string): Promise<void> {
  const counts = join(folder, `${projects[0]}.counts`)
  countFiles.push(counts)
  const args = [vitest, 'run', '--config', 'test/vitest.config.ts', ...projects.flatMap((name) => ['--project', name])]
  await using file = output === undefined ? undefined : await open(output, 'w')
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: file === undefined ? 'inherit' : ['ignore', file.fd, file.fd],
    env: { ...process.env, TEST_SLOWNESS: slowness, TEST_COUNTS: counts },
  })
  await once(child, 'exit')
}

try {
  await run(['unit', 'simulation', 'integration'])
  const infra = join(folder, 'infra.log')
  await Promise.all([run(['infra'], infra), run(['saga'])])
  process.stdout.write(await readFile(infra, 'utf8').catch(() => ''))
} finally {
  const lines = await Promise.all(countFiles.map((file) => readFile(file, 'utf8').catch(() => '')))
  // A run that died before it could count is a failure, and not an empty success.
  const total = sumOf(lines.map((line) => parseCounts(line) ?? { ...noCounts, failed: 1 }))
  await rm(folder, { recursive: true, force: true })
  process.stdout.write(`\n${closingLine(total)}\n`)
  process.exitCode = Number(total.failed > 0)
}
