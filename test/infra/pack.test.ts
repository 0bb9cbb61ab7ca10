import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const dependencies = ['@opentelemetry', 'kafkajs', 'kysely']

describe('the package of the messaging library', () => {
  let folder: string
  let tarball = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'paysaga-packed-'))
    const { stdout } = await run(process.execPath, ['infra/cli/pack.ts'], { cwd: root })
    tarball = join(root, stdout.trim())
    const installed = join(folder, 'node_modules/@paysaga')
    await mkdir(installed, { recursive: true })
    await run('tar', ['--extract', '--gzip', '--file', tarball, '--directory', installed])
    await run('mv', [join(installed, 'package'), join(installed, 'messaging')])
    for (const name of dependencies) await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  })
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
    await rm(tarball, { force: true })
  })

  it('is imported without this checkout, by name', async () => {
    const file = join(folder, 'uses-it.js')
    await writeFile(
      file,
      `import { appendToOutbox, classify, startParticipant, SomebodyWasFaster } from '@paysaga/messaging'
       console.log(typeof appendToOutbox, typeof startParticipant, classify(new SomebodyWasFaster('x')))`,
    )
    const { stdout } = await run(process.execPath, [file], { cwd: folder })
    expect(stdout.trim()).toBe('function function conflict')
  })

  it('brings the migrations of its tables, and types', async () => {
    const installed = join(folder, 'node_modules/@paysaga/messaging')
    expect(await readdir(join(installed, 'migrations'))).toEqual(await readdir(join(root, 'db/messaging')))
    expect(await readdir(join(installed, 'dist'))).toContain('index.d.ts')
    expect((await readdir(installed)).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'dist',
      'migrations',
      'package.json',
    ])
  })
})
