import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { machineEnvironment } from '../../infra/config.ts'
import { limitMs } from '../support/limits.ts'

const run = promisify(execFile)
const root = new URL('../../', import.meta.url)
const timeoutMs = limitMs(410_000)

const results = z.object({
  machine: z.object({ cores: z.int(), commit: z.string() }),
  config: z.object({ SEED: z.literal(7), SCALE: z.literal(0.05) }),
  parts: z.record(
    z.string(),
    z.object({
      figures: z.record(z.string(), z.number()),
      runs: z.array(z.object({ system: z.string(), orders: z.int(), faults: z.array(z.string()) })),
    }),
  ),
})

/** Small, to see that all of it works. What the numbers are is nothing a test could judge. */
describe('the bench', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'paysaga-bench-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('compares the systems, and loses and doubles nothing', { timeout: timeoutMs }, async () => {
    const { stdout } = await run(process.execPath, ['bench/main.ts'], {
      cwd: root,
      timeout: timeoutMs - 10_000,
      env: {
        ...machineEnvironment(),
        PAYSAGA_DIRECTORY: directory,
        ONLY: 'comparison,rows',
        SCALE: '0.05',
        ROWS: '2000',
        SEED: '7',
      },
    })
    expect(stdout).toMatch(/^paysaga +\d+ /m)
    expect(stdout).toMatch(/^dual write +\d+ /m)
    expect(stdout).toMatch(/^PostgreSQL alone, a plain loop +\d+$/m)
    expect(stdout).toMatch(/^ +2000 /m)
    const folder = join(directory, 'bench-results')
    expect((await readdir(folder)).toSorted()).toEqual(['comparison.svg', 'results.json', 'results.txt'])
    const written = results.parse(JSON.parse(await readFile(join(folder, 'results.json'), 'utf8')))
    const runs = written.parts['comparison']?.runs ?? []
    expect(new Set(runs.map(({ system }) => system))).toEqual(
      new Set(['paysaga', 'dual write', 'dual write, charged at once']),
    )
    for (const { orders, faults } of runs) {
      expect(orders).toBeGreaterThan(0)
      expect(faults).toEqual([])
    }
  })

  it('names the variable that is wrong, and starts nothing', async () => {
    const bench = run(process.execPath, ['bench/main.ts'], {
      cwd: root,
      env: { ...machineEnvironment(), PAYSAGA_DIRECTORY: directory, ONLY: 'everything', ROWS: '0' },
    })
    await expect(bench).rejects.toMatchObject({ stderr: expect.stringMatching(/ROWS[\s\S]*ONLY|ONLY[\s\S]*ROWS/) })
  })
})
