import { execFile, execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withEdits } from '../../bench/systems/paysaga/builds.ts'
import { ProgressLine } from '../../infra/cli/support/display/progress-line.ts'
import { beginRun } from '../../infra/runs/run.ts'
import { bugs } from './bugs.ts'
import type { PlantedBug } from './planted-bug.ts'

// `make planted-bugs`: a suite that cannot fail proves nothing. Each bug is planted alone into a copy of the checkout, and
// the test that is named for it must fail there, having passed without it.

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const timeoutMs = 120_000
const only = process.argv[2] ?? ''

const chosen = bugs.filter(({ name }) => name.includes(only))
const progress = new ProgressLine()
let [tried, caught] = [0, 0]

function print(line: string): void {
  progress.clear()
  process.stdout.write(`${line}\n`)
}

beginRun({ name: 'planted-bugs', onInterrupt: () => printSum(`, ${chosen.length - tried} not tried`) })

function printSum(rest = ''): void {
  progress.end()
  print('')
  print(`${caught} passed, ${tried - caught} failed${rest}`)
}

/** Tracked files and new ones, on packages and jars that are there already. */
async function copyOfTheCheckout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'paysaga-planted-'))
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
  for (const file of listed
    .toString()
    .split('\0')
    .filter((name) => name !== '')) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    // One that is deleted and not committed yet is listed too.
    await cp(join(root, file), join(folder, file)).catch(() => undefined)
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await symlink(join(root, '.cache'), join(folder, '.cache'))
  return folder
}

type Verdict = 'passes' | 'fails' | 'is not there'

async function verdictOn(folder: string, { caughtBy: { file, test } }: PlantedBug): Promise<Verdict> {
  const pattern = test.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const args = [join(root, 'node_modules/.bin/vitest'), 'run', '--config', 'test/vitest.config.ts', file, '-t', pattern]
  const environment = { env: { ...process.env, STACK: 'native' }, cwd: folder, timeout: timeoutMs }
  const { stdout } = await run(process.execPath, args, environment).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? '',
  }))
  const [, passed = 0, failed = 0] = /^(\d+) passed, (\d+) failed/m.exec(stdout) ?? []
  if (Number(passed) + Number(failed) === 0) return 'is not there'
  return Number(failed) > 0 ? 'fails' : 'passes'
}

async function judge(folder: string, bug: PlantedBug): Promise<boolean> {
  const path = join(folder, bug.file)
  const source = await readFile(path, 'utf8')
  const show = (how: string): void =>
    progress.show(`${tried} of ${chosen.length} tried, ${caught} caught; ${how}: ${bug.name}`)
  show('without')
  const before = await verdictOn(folder, bug)
  show('with')
  await writeFile(path, withEdits(source, bug.edits))
  const after = before === 'passes' ? await verdictOn(folder, bug) : 'is not there'
  await writeFile(path, source)
  const isCaught = before === 'passes' && after === 'fails'
  const how = before === 'passes' ? `with it the test ${after}` : `without it the test ${before}`
  print(`${isCaught ? 'caught' : 'MISSED'}  ${bug.name}`)
  print(`        ${bug.caughtBy.file}: ${bug.caughtBy.test}${isCaught ? '' : ` (${how})`}`)
  return isCaught
}

const folder = await copyOfTheCheckout()
try {
  for (const bug of chosen) {
    const isCaught = await judge(folder, bug)
    tried += 1
    caught += isCaught ? 1 : 0
  }
  printSum()
  process.exitCode = caught === chosen.length && caught > 0 ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
