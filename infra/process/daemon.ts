import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { daemonMarks } from '../runs/config.ts'
import { type ProcessState, StartError } from '../stack.ts'
import { withLock } from './lock.ts'
import { lastLines } from './log-file.ts'
import { occupant } from './ports.ts'
import { family, isAlive, lookUp, lookUpNow, type ProcessIdentity } from './process-table.ts'
import { type EndSignals, type Recorded, recall, writeRecord } from './record.ts'
import { changedSettings, keepSettings, type Settings } from './settings-digest.ts'
import { watch } from './watch.ts'

export { recall }

const pollMs = 50
const killTimeoutMs = 5_000
const linesInAnError = 20
/** An end that works longer than so many of its limits, in processor time, is a loop. */
const busyEndings = 4

/** A process that outlives the command that started it, and is found again through its record. */
export interface Daemon {
  readonly name: string
  readonly logFile: string
  readonly recordFile: string
  readonly port: number
  /** How long it may show no sign of progress while it starts. */
  readonly stillMaxMs: number
  /** Sent one after the other until it is gone; the next one when it stands still for so long. SIGKILL follows by itself. */
  readonly endSignals: EndSignals
  command(): Promise<Command>
  /** What a person may change while it runs, by name: variables, files. Kept as digests in its record. */
  settings?(): Promise<Settings>
  answers(): Promise<boolean>
  /** What it says that it waits for, while it does not answer. */
  words?(): Promise<readonly string[]>
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly workingDirectory: string
}

/** Paths of one daemon below the state directory. */
export function daemonFiles(
  directory: string,
  name: string,
): { readonly logFile: string; readonly recordFile: string } {
  return { logFile: join(directory, 'logs', `${name}.log`), recordFile: join(directory, 'run', `${name}.json`) }
}

/**
 * Starts it unless it runs, and returns when it answers. However long that takes: it fails when the process has ended or
 * stands still, and says so with the process's own last words. A caller that dies half-way leaves a record that `end` finds.
 */
export async function start(daemon: Daemon): Promise<void> {
  const started = await withLock(lockOf(daemon), daemon.stillMaxMs, async () => {
    const running = await recall(daemon)
    if (running === undefined || !(await isAlive(running))) return await launch(daemon)
    if (running.port !== daemon.port) throw elsewhere(daemon, running.port)
    return running
  })
  const standsStill = watch({ ...daemon, logFrom: started.logFrom }, started.pid, daemon)
  while (!(await daemon.answers())) {
    if (!(await isAlive(started))) throw await startError(daemon, 'the process ended')
    const stillness = await standsStill()
    if (stillness !== undefined) throw await startError(daemon, stillness)
    await wait(pollMs)
  }
}

/** How a process ended: it did not run, it followed a signal, or it had to be killed. */
export type Ending = 'absent' | 'clean' | 'killed'

/**
 * Ends the recorded process and what it would leave behind, with the signals and limits that its start has recorded: who ends
 * it may have other settings. A record whose number now belongs to another process is only forgotten.
 */
export async function end(daemon: Daemon): Promise<Ending> {
  const identity = await recall(daemon)
  if (!identity) return 'absent'
  const ending = (await isAlive(identity)) ? await endProcess(identity, daemon) : 'absent'
  if (ending === 'killed') await appendFile(daemon.logFile, `${daemon.name} did not end when asked, and was killed\n`)
  await withLock(lockOf(daemon), daemon.stillMaxMs, async () => {
    // Somebody may have started a new one meanwhile: its record must not go with the old one's.
    const recorded = await recall(daemon)
    if (recorded?.pid === identity.pid && recorded.mark === identity.mark) await rm(daemon.recordFile, { force: true })
  })
  return ending
}

const lockOf = ({ recordFile }: Daemon): string => `${recordFile}.lock`

export async function state(daemon: Daemon): Promise<{ readonly state: ProcessState; readonly pid?: number }> {
  const identity = await recall(daemon)
  if (!identity) return { state: 'stopped' }
  const facts = await lookUp(identity.pid)
  if (facts?.mark !== identity.mark) return { state: 'dead' }
  if (facts.paused) return { state: 'paused', pid: identity.pid }
  return { state: (await daemon.answers()) ? 'ready' : 'silent', pid: identity.pid }
}

/** The settings that it would be started with another value of, now; none when it does not run, or its record is older than that. */
export async function changedSince(daemon: Daemon): Promise<readonly string[]> {
  const running = await recall(daemon)
  if (running?.settings === undefined || !(await isAlive(running))) return []
  return changedSettings(running.settings, (await daemon.settings?.()) ?? {})
}

/** SIGKILL and SIGSTOP have taken effect when it returns. Throws if the daemon does not run. */
export async function signal(daemon: Daemon, name: NodeJS.Signals): Promise<void> {
  const identity = await recall(daemon)
  if (!identity || !(await isAlive(identity))) throw new Error(`${daemon.name} does not run`)
  process.kill(identity.pid, name)
  if (name === 'SIGKILL') await gone(identity, killTimeoutMs)
  if (name === 'SIGSTOP') await until(async () => (await lookUp(identity.pid))?.paused !== false, killTimeoutMs)
}

/** Started under other settings: to wait for it where it is not would take the whole time-out and explain nothing. */
function elsewhere({ name, port, logFile }: Daemon, actual: number): StartError {
  const reason = `it runs on port ${actual}, and ${port} is asked for: make down first, or keep the port in .env`
  return new StartError(name, reason, logFile)
}

async function launch(daemon: Daemon): Promise<Recorded> {
  const { file, args, environment, workingDirectory } = await daemon.command()
  const settings = keepSettings((await daemon.settings?.()) ?? {})
  // Else a stranger would answer for us while ours dies of the same reason.
  const holder = await occupant(daemon.port)
  if (holder) throw new StartError(daemon.name, `port ${daemon.port} is in use by ${holder}`, daemon.logFile)
  await mkdir(dirname(daemon.logFile), { recursive: true })
  const log = await open(daemon.logFile, 'a')
  const { size: logFrom } = await log.stat()
  try {
    const child = spawn(file, args, {
      cwd: workingDirectory,
      detached: true,
      env: { ...environment, ...daemonMarks(daemon.recordFile) },
      stdio: ['ignore', log.fd, log.fd],
    })
    // On record in the same breath: whoever ends this process now must not leave one behind that nobody knows.
    const facts = child.pid === undefined ? undefined : lookUpNow(child.pid)
    const { port, endSignals } = daemon
    const how = { port, command: [file, ...args], settings, logFrom, endSignals: [...endSignals] }
    const started = facts && { pid: facts.pid, mark: facts.mark, ...how }
    if (started) writeRecord(daemon.recordFile, started)
    await once(child, 'spawn')
    child.unref()
    if (!started) throw await startError(daemon, 'the process ended at once')
    return started
  } finally {
    await log.close()
  }
}

async function endProcess(identity: Recorded, { logFile, port, endSignals: now }: Daemon): Promise<Ending> {
  const members = await family(identity.pid)
  for (const { signal: name, stillMaxMs } of identity.endSignals ?? now) {
    const standsStill = watch({ logFile, port }, identity.pid, { stillMaxMs, busyMaxMs: busyEndings * stillMaxMs })
    send(identity, name)
    // A paused process sees no signal before it goes on.
    send(identity, 'SIGCONT')
    while ((await standsStill()) === undefined) {
      if (!(await isAlive(identity))) return 'clean'
      await wait(pollMs)
    }
  }
  for (const member of members) if (await isAlive(member)) send(member, 'SIGKILL')
  if (!(await gone(identity, killTimeoutMs))) throw new Error(`process ${identity.pid} survives SIGKILL`)
  return 'killed'
}

/** To a process that may end by itself meanwhile. */
function send({ pid }: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

async function gone(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  return await until(async () => !(await isAlive(identity)), timeoutMs)
}

async function until(condition: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) return false
    await wait(pollMs)
  }
  return true
}

async function startError(daemon: Daemon, reason: string): Promise<StartError> {
  const [tail, words] = await Promise.all([lastLines(daemon.logFile, linesInAnError), daemon.words?.() ?? []])
  const lines = [reason, ...tail.map((line) => `    ${line}`), ...words.map((text) => `  It says: ${text}`), ' ']
  return new StartError(daemon.name, lines.join('\n'), daemon.logFile)
}
