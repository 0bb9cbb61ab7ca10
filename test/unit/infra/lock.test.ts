import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { releaseLocks, withLock } from '../../../infra/process/lock.ts'
import { limitMs } from '../../support/limits.ts'

describe('a lock', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'paysaga-lock-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('is released by a holder that stands still, which then leaves it to the next', async () => {
    const file = join(directory, 'released')
    const [taken, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const first = withLock(file, 5_000, async () => {
      taken.resolve()
      await goOn.promise
    })
    await taken.promise
    releaseLocks()
    await withLock(file, 100, async () => {
      goOn.resolve()
      await first
      expect((await stat(file)).isFile()).toBe(true)
    })
    await expect(stat(file)).rejects.toThrow('ENOENT')
  })

  it('is waited for as long as its holder shows that it gets on', async () => {
    const file = join(directory, 'held')
    const taken = Promise.withResolvers<void>()
    const held = withLock(file, 5_000, async () => {
      taken.resolve()
      // Two signs of life are more than the second caller would wait for without any.
      const from = (await stat(file)).mtimeMs
      await vi.waitFor(async () => expect((await stat(file)).mtimeMs - from).toBeGreaterThan(1_900), limitMs(10_000))
      return 'first'
    })
    await taken.promise
    const second = withLock(file, 1_500, async () => 'second')
    expect(await Promise.all([held, second])).toEqual(['first', 'second'])
  })

  it('is not waited for by work that must not wait', async () => {
    const file = join(directory, 'taken')
    await withLock(file, 5_000, async () => {
      await expect(withLock(file, 300, async () => undefined)).rejects.toThrow('held by another process')
    })
  })
})
