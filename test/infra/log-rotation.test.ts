import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { freePorts } from '../../infra/index.ts'
import { type Daemon, daemonFiles, end, recall, start } from '../../infra/process/daemon.ts'
import { followFile, lastLines } from '../../infra/process/log-file.ts'
import { endRotation, startRotation } from '../../infra/process/log-rotation.ts'
import { family, isAlive, lookUp } from '../../infra/process/process-table.ts'
import { carriers } from '../../infra/runs/carriers.ts'
import { limitMs } from '../support/limits.ts'
import { exampleDaemon } from './example-daemon.ts'

const limits = { bytes: 300, everySeconds: 0.05 }
const within = { timeout: limitMs(10_000), interval: 20 }

/** Logs the path of each request. */
const logs = `require('http').createServer((q, r) => { if (q.url !== '/') console.log(q.url.slice(1)); r.end() })
  .listen(Number(process.env.PORT), '127.0.0.1')`

const long = (letter: string): string => letter.repeat(limits.bytes)

describe('the rotation of logs', () => {
  let directory: string
  let writer: Daemon

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'paysaga-rotation-'))
    const [port = 0] = await freePorts(1)
    const example = exampleDaemon({ directory, name: 'writer', port })
    writer = { ...example, command: async () => ({ ...(await example.command()), args: ['-e', logs] }) }
    await start(writer)
    await startRotation(directory, limits)
  })

  afterEach(async () => {
    await endRotation(directory)
    await end(writer)
    await rm(directory, { recursive: true, force: true })
  })

  async function write(line: string): Promise<void> {
    await (await fetch(`http://127.0.0.1:${writer.port}/${line}`)).arrayBuffer()
  }

  async function writeAndRotate(line: string): Promise<void> {
    await write(line)
    await vi.waitFor(async () => {
      expect(await readFile(`${writer.logFile}.1`, 'utf8')).toContain(line)
      expect(await readFile(writer.logFile, 'utf8')).toBe('')
    }, within)
  }

  const recalled = async () => {
    const recorded = await recall(daemonFiles(directory, 'rotation'))
    if (recorded === undefined) throw new Error('it is not on record')
    return recorded
  }

  it('empties a log that is too long, and its writer goes on at the new end', async () => {
    await write('before')
    await writeAndRotate(long('a'))
    await write('after')
    await vi.waitFor(async () => expect(await readFile(writer.logFile, 'utf8')).toBe('after\n'), within)
    expect(await readFile(`${writer.logFile}.1`, 'utf8')).toBe(`before\n${long('a')}\n`)
  })

  it('keeps two older logs, and leaves short ones alone', async () => {
    const short = daemonFiles(directory, 'short').logFile
    await writeFile(short, 'x'.repeat(limits.bytes))
    for (const letter of ['a', 'b', 'c']) await writeAndRotate(long(letter))
    expect(await readFile(`${writer.logFile}.1`, 'utf8')).toBe(`${long('c')}\n`)
    expect(await readFile(`${writer.logFile}.2`, 'utf8')).toBe(`${long('b')}\n`)
    expect(existsSync(`${writer.logFile}.3`)).toBe(false)
    expect(await readFile(short, 'utf8')).toHaveLength(limits.bytes)
    expect(existsSync(`${short}.1`)).toBe(false)
  })

  it('is seen by no reader: who follows gets every line once, and the last lines reach back', async () => {
    const followed: string[] = []
    const following = followFile(writer.logFile, (line) => {
      if (line === 'end') throw new Error('enough')
      followed.push(line)
    }).catch((error: unknown) => error)
    const lines = ['first', long('a'), 'second', long('b'), 'third']
    // A line of the writer is seen before there is more, so that the file is being followed.
    await vi.waitFor(async () => {
      await write('opened')
      expect(followed).toContain('opened')
    }, within)
    for (const line of lines) {
      await (line.length < limits.bytes ? write(line) : writeAndRotate(line))
      await vi.waitFor(() => expect(followed).toContain(line), within)
    }
    expect(await lastLines(writer.logFile, 1)).toEqual(['third'])
    expect(await lastLines(writer.logFile, 3)).toEqual(['second', long('b'), 'third'])
    await write('end')
    expect(await following).toEqual(new Error('enough'))
    expect(followed.filter((line) => line !== 'opened')).toEqual(lines)
  })

  it('is one process to those who look, however often it is asked for', async () => {
    const { pid } = await recalled()
    await Promise.all([startRotation(directory, limits), startRotation(directory, limits)])
    const { recordFile } = daemonFiles(directory, 'rotation')
    const rotations = () => carriers().filter((each) => each.recordFile === recordFile)
    // A child of the shell is a copy of it until it has become the command that it runs.
    await vi.waitFor(() => expect(rotations()).toMatchObject([{ pid }]), within)
    expect(await recalled()).toMatchObject({ pid })
  })

  it('leaves nothing behind when it is ended', async () => {
    const { pid } = await recalled()
    const waiting = await vi.waitFor(async () => {
      const members = await family(pid)
      expect(members.length).toBeGreaterThan(1)
      return members
    }, within)
    await endRotation(directory)
    const alive = async () => (await Promise.all(waiting.map(isAlive))).includes(true)
    await vi.waitFor(async () => expect(await alive()).toBe(false), within)
    expect(await recall(daemonFiles(directory, 'rotation'))).toBeUndefined()
  })

  it('ends by itself when nothing runs any more', async () => {
    const identity = await recalled()
    await end(writer)
    await vi.waitFor(async () => expect(await isAlive(identity)).toBe(false), within)
  })

  it('ends by itself when the folder is removed, whatever still runs', async () => {
    const identity = await recalled()
    const { pid = 0 } = (await recall(writer)) ?? {}
    await rm(directory, { recursive: true })
    await vi.waitFor(async () => expect(await isAlive(identity)).toBe(false), within)
    expect(await lookUp(pid)).toMatchObject({ pid })
    process.kill(pid)
  })
})
