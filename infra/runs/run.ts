import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { releaseLocks } from '../process/lock.ts'
import { lookUpNow } from '../process/process-table.ts'
import type { Provider } from '../stack.ts'
import { type Carrier, carriersOf } from './carriers.ts'
import { enterRun, inheritedEnvironment, leaveRun } from './config.ts'
import type { Task } from './guardian.ts'
import { parentIgnoresHangup } from './hangup.ts'
import { nameOf } from './leftovers.ts'
import { folderName, type RunName, runIdOf } from './run-id.ts'

const guardianScript = fileURLToPath(new URL('./guardian.ts', import.meta.url))
const parentPollMs = 500
const waitPollMs = 20
/** Longer than a whole stack takes to end where each of its parts has to be killed. */
const endTimeoutMs = 120_000
const stderrFd = 2

export interface RunOptions {
  readonly name: RunName
  /** Ended with the run, and removed with it: beside the temporary files that this process and its children make. */
  readonly folders?: (id: string) => readonly string[]
  /** Told when everything has ended, before this process does: what there was until then. */
  readonly onInterrupt?: () => void
}

export interface Run {
  readonly id: string
  /** Whether this run has started that process. */
  readonly started: (pid: number) => boolean
  /** What is started from now on outlives an interruption. */
  readonly leave: () => void
}

/**
 * From here on everything that this process starts, and what that starts, ends with it: at its end, by Ctrl-C and SIGTERM,
 * when `make` dies, and by SIGKILL too, for a guardian outlives it. Temporary folders go as well. Once in a process.
 */
export function beginRun({ name, folders, onInterrupt }: RunOptions): Run {
  const id = ownId(name)
  const temporary = join(tmpdir(), folderName(id))
  const all = [temporary, ...(folders?.(id) ?? [])]
  const guardian = startGuardian({ fate: 'discard', run: id, folders: all })
  mkdirSync(temporary)
  enterRun(id, temporary)
  process.once('exit', () => {
    if (removed(all) && carriersOf(id).length === 0) release(guardian)
  })
  endWhenInterrupted({ id, guardian, onInterrupt })
  return runOf(id)
}

export interface KeptStack {
  readonly stack: { readonly directory: string }
  readonly provider: Provider
}

/**
 * What this process starts in the stack of a directory goes on when it is done, or has failed. When it is interrupted
 * before, by whatever signal, exactly what it has started ends, in good order.
 */
export function beginKeepingRun(name: RunName, { stack: { directory }, provider }: KeptStack): Run {
  const id = ownId(name)
  const guardian = startGuardian({ fate: 'keep', run: id, directory })
  enterRun(id, undefined)
  process.once('exit', () => release(guardian))
  const containers = provider === 'native' ? '' : '; containers go on until make down'
  endWhenInterrupted({ id, guardian, rest: `; what ran before goes on${containers}` })
  return runOf(id)
}

function runOf(id: string): Run {
  return { id, started: (pid) => carriersOf(id).some((each) => each.pid === pid), leave: () => leaveRun(id) }
}

function ownId(name: RunName): string {
  const self = lookUpNow(process.pid)
  if (self === undefined) throw new Error('this process cannot be looked up: /proc or ps is missing')
  return runIdOf(name, self)
}

/**
 * A shell that waits for a word and costs nothing meanwhile. Its standard input ends with this process, whatever ends
 * that; without the word `released` the shell becomes the guardian proper.
 */
function startGuardian(task: Task): ChildProcess {
  const script = 'trap "" INT TERM HUP; read -r word; [ "$word" = released ] || exec "$@"'
  const command = [process.execPath, guardianScript, JSON.stringify(task)]
  const guardian = spawn('/bin/sh', ['-c', script, 'guardian', ...command], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    env: inheritedEnvironment(),
  })
  guardian.stdin?.on('error', () => undefined)
  guardian.unref()
  return guardian
}

function release({ stdin }: ChildProcess): void {
  stdin?.write('released\n')
}

interface Interruptible {
  readonly id: string
  readonly guardian: ChildProcess
  /** What becomes of what the run has not started. */
  readonly rest?: string
  readonly onInterrupt?: (() => void) | undefined
}

/** The guardian does the work, while this process stands still: nothing new is started between what ends. */
function endWhenInterrupted({ id, guardian, rest = '', onInterrupt }: Interruptible): void {
  const interrupt = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', reason: string): void => {
    const started = namesOf(carriersOf(id))
    say(`\n${reason}${started === '' ? '' : `: ending ${started}`}${rest}`)
    // What it has begun to start ends under the same locks.
    releaseLocks()
    guardian.stdin?.write('end\n')
    standStillUntilGone(guardian.pid)
    const left = carriersOf(id)
    if (left.length > 0) say(`still there: processes ${left.map(({ pid }) => pid).join(', ')}`)
    onInterrupt?.()
    process.exit(128 + constants.signals[signal])
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt(signal, signal))
  // Under nohup a logout ends nothing. A handler is needed all the same: Node ends at a SIGHUP that has none.
  const isIgnored = parentIgnoresHangup()
  process.on('SIGHUP', () => {
    if (!isIgnored) interrupt('SIGHUP', 'SIGHUP')
  })
  const parent = process.ppid
  const watch = () => {
    if (process.ppid !== parent) interrupt('SIGHUP', 'The process that started this one is gone')
  }
  setInterval(watch, parentPollMs).unref()
}

function standStillUntilGone(pid: number | undefined): void {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const deadline = performance.now() + endTimeoutMs
  while (pid !== undefined && lookUpNow(pid) !== undefined && performance.now() < deadline)
    Atomics.wait(cell, 0, 0, waitPollMs)
}

/** Daemons by name, the others by their number. */
function namesOf(found: readonly Carrier[]): string {
  const names = [...new Set(found.filter(({ recordFile }) => recordFile !== undefined).map(nameOf))].toSorted()
  const others = found.filter(({ recordFile }) => recordFile === undefined).length
  return [...names, ...(others === 0 ? [] : [others === 1 ? 'a process' : `${others} processes`])].join(', ')
}

/** At once, and to a terminal that may be gone. */
function say(text: string): void {
  try {
    writeSync(stderrFd, `${text}\n`)
  } catch {
    // There is no reader any more.
  }
}

function removed(folders: readonly string[]): boolean {
  try {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    return true
  } catch {
    // Something still writes into it. The guardian waits for that to end.
    return false
  }
}
