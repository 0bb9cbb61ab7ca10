import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { projectName } from '../../infra/docker/project.ts'
import { freePorts } from '../../infra/index.ts'
import { limitMs } from '../support/limits.ts'
import { docker } from './compose.ts'

const run = promisify(execFile)
const infra = new URL('../../infra/index.ts', import.meta.url).href

/** Starts a stack as a test does, and dies without a word. */
const killedTest = (options: object) => `
  import { openStack } from ${JSON.stringify(infra)}
  const stack = openStack(${JSON.stringify(options)})
  await stack.start('postgres')
  process.kill(process.pid, 'SIGKILL')`

describe.skipIf(process.env['TESTCONTAINERS_RYUK_DISABLED'] === 'true')('a test that is killed', () => {
  it('leaves no container, no volume and no network behind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'paysaga-killed-'))
    const [postgres = 0, kafka = 0, kafkaController = 0, connect = 0] = await freePorts(4)
    const ports = { postgres, kafka, kafkaController, connect }
    const script = killedTest({ provider: 'testcontainers', directory, profile: 'test', ports })
    await expect(run(process.execPath, ['--input-type=module', '--eval', script])).rejects.toMatchObject({
      signal: 'SIGKILL',
    })
    const named = ['--filter', `name=${projectName(directory)}`, '--quiet']
    const left = () =>
      Promise.all([
        docker(['ps', '--all', ...named]),
        docker(['volume', 'ls', ...named]),
        docker(['network', 'ls', ...named]),
      ])
    expect((await left()).every((ids) => ids !== '')).toBe(true)
    await expect.poll(left, { timeout: limitMs(60_000), interval: 500 }).toEqual(['', '', ''])
    await rm(directory, { recursive: true, force: true })
  })
})
