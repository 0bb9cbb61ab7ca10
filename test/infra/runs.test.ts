import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { freePorts, openStack } from '../../infra/index.ts'
import { end, recall, start, state } from '../../infra/process/daemon.ts'
import { isAlive, lookUp } from '../../infra/process/process-table.ts'
import { carriers, carriersOf } from '../../infra/runs/carriers.ts'
import { killAll } from '../../infra/runs/ending.ts'
import { parseRunId } from '../../infra/runs/run-id.ts'
import { limitMs } from '../support/limits.ts'
import { exampleDaemon } from './example-daemon.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const script = fileURLToPath(new URL('./run-owner.ts', import.meta.url))
const within = { timeout: limitMs(30_000), interval: 20 }
const told = z.object({ id: z.string(), folder: z.string(), pids: z.array(z.int()) })
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const

/** The first line that an owner says, which it does when everything runs. */
async function toldBy({ stdout }: ChildProcess): Promise<z.output<typeof told>> {
  if (stdout === null) throw new Error('no output')
  const [line] = await once(createInterface({ input: stdout }), 'line')
  return told.parse(JSON.parse(String(line)))
}

const own = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })

const living = async (pids: readonly number[]): Promise<readonly number[]> =>
  (await Promise.all(pids.map(lookUp))).flatMap((facts) => (facts === undefined ? [] : [facts.pid]))

const untilNothingIsLeft = (id: string, folder?: string) =>
  vi.waitFor(() => {
    expect(carriersOf(id)).toEqual([])
    expect(folder !== undefined && existsSync(folder)).toBe(false)
  }, within)

describe('a run whose processes end with it', () => {
  it.each(signals)('leaves no process and no folder after %s', async (signal) => {
    const owner = own('discarding')
    const { id, folder, pids } = await toldBy(owner)
    expect(await living(pids)).toEqual(pids)
    expect(existsSync(folder)).toBe(true)
    owner.kill(signal)
    const [code] = await once(owner, 'exit')
    await untilNothingIsLeft(id, folder)
    expect(await living(pids)).toEqual([])
    expect(code).toBe(signal === 'SIGKILL' ? null : exitCodes[signal])
  })

  it('leaves nothing when it is done either', async () => {
    const owner = own('done')
    const { id, folder, pids } = await toldBy(owner)
    if (owner.exitCode === null) await once(owner, 'exit')
    await untilNothingIsLeft(id, folder)
    expect(await living(pids)).toEqual([])
    expect(owner.exitCode).toBe(0)
  })

  it('ends when the process that has started it is killed', async () => {
    const command = '"$0" "$1" discarding & wait'
    const make = spawn('/bin/sh', ['-c', command, process.execPath, script], { stdio: ['ignore', 'pipe', 'ignore'] })
    const { id, folder, pids } = await toldBy(make)
    make.kill('SIGKILL')
    await untilNothingIsLeft(id, folder)
    expect(await living(pids)).toEqual([])
    const { pid = 0 } = parseRunId(id) ?? {}
    await vi.waitFor(async () => expect(await lookUp(pid)).toBeUndefined(), within)
  })

  it('kills no process that has the number of one of its own', async () => {
    const bystander = spawn('sleep', ['300'], { stdio: 'ignore' })
    await once(bystander, 'spawn')
    const facts = await lookUp(bystander.pid ?? 0)
    const find = vi.fn<() => { pid: number; mark: string }[]>(() => [])
    find.mockReturnValueOnce([{ pid: bystander.pid ?? 0, mark: 'of another time' }])
    await killAll(find)
    expect(facts && (await isAlive(facts))).toBe(true)
    bystander.kill('SIGKILL')
  })
})

describe('a run that a stack outlives', () => {
  let directory: string
  let ports: readonly number[]
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'runs-'))
    ports = await freePorts(5)
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  it.each(['SIGTERM', 'SIGKILL'] as const)('ends by %s exactly what it has started', async (signal) => {
    const [before = 0, started = 0] = ports
    const ranBefore = exampleDaemon({ directory, name: 'ran-before', port: before })
    await start(ranBefore)
    const owner = own('keeping', directory, String(started))
    const { id } = await toldBy(owner)
    owner.kill(signal)
    await untilNothingIsLeft(id)
    expect(await state(ranBefore)).toMatchObject({ state: 'ready' })
    await end(ranBefore)
  })

  it('leaves it running when it is done, until make down ALL=1 ends it, and what a living run has goes on', async () => {
    const [kept = 0, living = 0] = ports
    const { id } = await toldBy(own('kept', directory, String(kept)))
    const owner = own('keeping', directory, String(living))
    const other = await toldBy(owner)
    await vi.waitFor(async () => expect(await lookUp(parseRunId(id)?.pid ?? 0)).toBeUndefined(), within)
    expect(carriersOf(id)).toHaveLength(1)
    const { stdout } = await execa(process.execPath, ['infra/cli/down.ts', '1'], { cwd: root })
    expect(stdout).toMatch(new RegExp(`ended +${directory}: example-${kept} \\d+; its data stays`))
    expect(stdout).toMatch(new RegExp(`goes on +make up, process ${owner.pid}, with 1 of its own`))
    expect(carriersOf(id)).toEqual([])
    expect(carriersOf(other.id)).toHaveLength(1)
    owner.kill('SIGTERM')
    await untilNothingIsLeft(other.id)
  })

  it('is make up: killed while Kafka starts, it ends Kafka, and the PostgreSQL that ran before goes on', async () => {
    const [postgres = 0, kafka = 0, kafkaController = 0, connect = 0] = ports
    const stack = openStack({
      provider: 'native',
      directory,
      profile: 'test',
      ports: { postgres, kafka, kafkaController, connect },
    })
    await stack.start('postgres')
    const up = execa(process.execPath, ['infra/cli/up.ts', 'stack'], {
      cwd: root,
      reject: false,
      env: {
        STACK: 'native',
        PAYSAGA_DIRECTORY: directory,
        POSTGRES_PORT: `${postgres}`,
        KAFKA_PORT: `${kafka}`,
        KAFKA_CONTROLLER_PORT: `${kafkaController}`,
        CONNECT_PORT: `${connect}`,
      },
    })
    const record = { recordFile: join(directory, 'run/kafka.json') }
    await vi.waitFor(async () => expect(await recall(record)).toBeDefined(), within)
    const broker = await recall(record)
    up.kill('SIGKILL')
    await up
    await vi.waitFor(async () => expect(broker && (await isAlive(broker))).toBe(false), within)
    await vi.waitFor(async () => {
      const states = (await stack.status()).map(({ name, state: is }) => `${name} ${is}`)
      expect(states).toEqual(['postgres ready', 'kafka stopped', 'connect stopped'])
    }, within)
    await stack.stop()
    expect(await readFile(join(directory, 'logs/postgres.log'), 'utf8')).toContain('database system is shut down')
  })
})

describe('make test', () => {
  it('leaves nothing when it is interrupted while PostgreSQL runs for it', async () => {
    const args = [
      'run',
      '--config',
      'test/vitest.config.ts',
      '--project',
      'integration',
      'test/integration/payment/ledger/http',
    ]
    const vitest = execa(process.execPath, [join(root, 'node_modules/.bin/vitest'), ...args], {
      cwd: root,
      reject: false,
      env: { STACK: 'native' },
    })
    const its = () => carriers().filter(({ runs }) => runs.some((id) => parseRunId(id)?.pid === vitest.pid))
    await vi.waitFor(
      () => expect(its().some(({ recordFile }) => recordFile?.endsWith('postgres.json'))).toBe(true),
      within,
    )
    const folder = join(tmpdir(), `paysaga-${its()[0]?.runs.at(-1)}`)
    expect(existsSync(folder)).toBe(true)
    vitest.kill('SIGTERM')
    const { exitCode, stdout, stderr } = await vitest
    await vi.waitFor(() => expect(its()).toEqual([]), within)
    expect(existsSync(folder)).toBe(false)
    expect(exitCode).toBe(143)
    expect(stderr).toContain('SIGTERM: ending postgres')
    expect(stdout).toMatch(/^0 passed, 1 failed$/m)
  })
})
