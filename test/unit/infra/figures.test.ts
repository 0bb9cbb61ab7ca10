import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { jarFolder } from '../../../infra/native/jars.ts'
import { readFigures } from '../../../infra/setup/figures.ts'

const run = promisify(execFile)
/** File systems keep the same files in more or fewer blocks. */
const tolerance = 0.25

const diskMb = async (paths: readonly string[]): Promise<number> => {
  const { stdout } = await run('du', ['-sck', ...paths])
  const total = stdout.trimEnd().split('\n').at(-1) ?? ''
  return (Number.parseInt(total, 10) * 1_024) / 1_000_000
}

const jars = await jarFolder()
const folders = [
  [['node_modules'], 'packages_disk_mb'],
  [['infra/node/node_modules'], 'node_disk_mb'],
  // What is beside them, the JVMs' class archives, comes with the first end of a stack.
  [[jars.kafka, jars.plugins], 'jars_disk_mb'],
] as const

/** They are measured there; other systems have other binaries. */
const isMeasuredHere = process.platform === 'linux' && process.arch === 'x64'

describe.skipIf(!isMeasuredHere)('what make setup says it keeps on disk', () => {
  for (const [folder, figure] of folders)
    it.skipIf(!folder.every((path) => existsSync(path)))(`is what is there: ${figure}`, async () => {
      const said = (await readFigures())[figure]
      const found = await diskMb(folder)
      expect(found, 'infra/setup/measure.sh measures anew').toBeGreaterThan(said * (1 - tolerance))
      expect(found, 'infra/setup/measure.sh measures anew').toBeLessThan(said * (1 + tolerance))
    })
})
