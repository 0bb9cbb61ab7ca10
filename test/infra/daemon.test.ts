import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { freePorts } from '../../infra/index.ts'
import { changedSince, type Daemon, end, recall, signal, start, state } from '../../infra/process/daemon.ts'
import { isAlive, lookUp } from '../../infra/process/process-table.ts'
import { exampleDaemon, listens } from './example-daemon.ts'

describe('a daemon', () => {
  let directory: string
  let port: number
  const started: Daemon[] = []

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'paysaga-daemon-'))
    const [free = 0] = await freePorts(1)
    port = free
  })

  afterEach(async () => {
    for (const each of started.splice(0)) await end(each)
    await rm(directory, { recursive: true, force: true })
  })

  function daemon(program: string, { stillMaxMs = 5_000, endMaxMs = 5_000 } = {}): Daemon {
    const made: Daemon = {
      ...exampleDaemon({ directory, name: 'example', port, program }),
      stillMaxMs,
      endSignals: [{ signal: 'SIGTERM', stillMaxMs: endMaxMs }],
    }
    started.push(made)
    return made
  }

  it('is started once by many callers', async () => {
    const example = daemon(`require('fs').appendFileSync('starts', 'x'); ${listens}`)
    await Promise.all([start(example), start(example), start(example)])
    expect(await readFile(join(directory, 'starts'), 'utf8')).toBe('x')
  })

  it('leaves a process alone that has the number of a dead one', async () => {
    const example = daemon(listens)
    await start(example)
    await signal(example, 'SIGKILL')
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await once(stranger, 'spawn')
    const facts = await lookUp(stranger.pid ?? 0)
    const old = await readFile(example.recordFile, 'utf8')
    await writeFile(example.recordFile, JSON.stringify({ ...JSON.parse(old), pid: stranger.pid }))
    expect(await state(example)).toEqual({ state: 'dead' })
    await expect(signal(example, 'SIGTERM')).rejects.toThrow('example does not run')
    expect(await end(example)).toBe('absent')
    expect(facts && (await isAlive(facts))).toBe(true)
    stranger.kill()
  })

  it('knows the settings that changed since it was started, and keeps no value of them', async () => {
    let settings: Record<string, string> = { API_KEYS: 'sk_live_secret', LOG_LEVEL: 'info' }
    const example = { ...daemon(listens), settings: async () => settings }
    expect(await changedSince(example)).toEqual([])
    await start(example)
    expect(await changedSince(example)).toEqual([])
    settings = { API_KEYS: 'sk_live_other', LOG_LEVEL: 'info', DRAIN_MS: '5' }
    expect(await changedSince(example)).toEqual(['API_KEYS', 'DRAIN_MS'])
    // Started again it is left alone: who wants the new ones ends it first.
    await start(example)
    expect(await changedSince(example)).toEqual(['API_KEYS', 'DRAIN_MS'])
    expect(await readFile(example.recordFile, 'utf8')).not.toContain('sk_live')
    await end(example)
    expect(await changedSince(example)).toEqual([])
  })

  it('that was started by an older version is not said to have changed', async () => {
    const example = { ...daemon(listens), settings: async () => ({ LOG_LEVEL: 'info' }) }
    await start(example)
    const { settings: _, ...old } = z.looseObject({}).parse(JSON.parse(await readFile(example.recordFile, 'utf8')))
    await writeFile(example.recordFile, JSON.stringify(old))
    expect(await changedSince(example)).toEqual([])
  })

  it('is killed when it does not go', async () => {
    const example = daemon(`process.on('SIGTERM', () => {}); ${listens}`, { endMaxMs: 300 })
    await start(example)
    const identity = await recall(example)
    expect(await end(example)).toBe('killed')
    expect(identity && (await isAlive(identity))).toBe(false)
    expect(await state(example)).toEqual({ state: 'stopped' })
  })

  it('is ended although it never answered', async () => {
    const example = daemon('setInterval(() => {}, 1000)', { stillMaxMs: 300 })
    await expect(start(example)).rejects.toThrow('shown no progress for 300 ms')
    expect(await state(example)).toMatchObject({ state: 'silent' })
    expect(await end(example)).toBe('clean')
  })

  it('is waited for while it gets on, however long its start takes', async () => {
    const words = 'alpha beta gamma delta epsilon zeta eta theta iota kappa'
    const example = daemon(
      `const words = '${words}'.split(' '); const next = () => { const word = words.shift(); if (word === undefined) { ${listens}; return }
       console.log(word); setTimeout(next, 100) }; next()`,
      { stillMaxMs: 600 },
    )
    const from = performance.now()
    await start(example)
    expect(performance.now() - from).toBeGreaterThan(900)
  })

  it('is named with what it says of itself when it stands still', async () => {
    const example = daemon(`console.log('begun'); setInterval(() => {}, 1000)`, { stillMaxMs: 300 })
    const stuck = { ...example, words: async () => ['PostgreSQL: connection refused'] }
    await expect(start(stuck)).rejects.toThrow(/begun\n {2}It says: PostgreSQL: connection refused/)
  })

  it('says with its last words why it did not start', async () => {
    const example = daemon(`console.error('no such planet'); process.exit(3)`)
    await expect(start(example)).rejects.toThrow('no such planet')
  })

  it('is not taken for another server that answers on its port', async () => {
    const other = createServer((_, response) => response.end())
    other.listen(port, '127.0.0.1')
    await once(other, 'listening')
    await expect(start(daemon(listens))).rejects.toThrow(`port ${port} is in use by process ${process.pid}`)
    other.close()
  })
})
