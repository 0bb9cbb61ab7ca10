import { cp, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { archiveFlags, keepArchive } from '../../../infra/native/class-archive.ts'

describe('the class archive of a component', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'paysaga-archive-'))
    for (const folder of ['jars/kafka', 'java/bin', 'java/lib', 'run'])
      await mkdir(join(root, folder), { recursive: true })
    for (const file of ['java/bin/java', 'java/lib/modules']) await writeFile(join(root, file), '')
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  const jarsIn = (directory: string) => ({
    directory,
    kafka: join(directory, 'kafka'),
    plugins: join(directory, 'plugins'),
  })
  const archive = () => ({ component: 'kafka', workingDirectory: join(root, 'run'), java: join(root, 'java/bin/java') })
  const isUsed = async (folder: string) => (await archiveFlags(jarsIn(folder), archive()))[0]?.startsWith('-XX:Shared')
  const endCleanly = async (folder: string) => {
    await writeFile(join(root, 'run/kafka.jsa'), 'classes')
    await keepArchive(jarsIn(folder), archive())
  }

  it('is written by the first run and used by later ones', async () => {
    const folder = join(root, 'jars')
    expect(await archiveFlags(jarsIn(folder), archive())).toContain('-XX:ArchiveClassesAtExit=kafka.jsa')
    await endCleanly(folder)
    expect(await isUsed(folder)).toBe(true)
    expect(await readdir(join(root, 'run'))).toEqual([])
  })

  it('is written anew where it was copied to with its jars', async () => {
    await endCleanly(join(root, 'jars'))
    await cp(join(root, 'jars'), join(root, 'copy'), { recursive: true })
    expect(await isUsed(join(root, 'copy'))).toBe(false)
  })

  it('is written anew for another release of Java, and replaces the old one', async () => {
    const folder = join(root, 'jars')
    await endCleanly(folder)
    await utimes(join(root, 'java/lib/modules'), 1, 1)
    expect(await isUsed(folder)).toBe(false)
    await endCleanly(folder)
    expect(await isUsed(folder)).toBe(true)
    expect((await readdir(folder)).filter((name) => name.endsWith('.jsa'))).toHaveLength(1)
  })
})
