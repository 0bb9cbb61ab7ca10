import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { machineEnvironment } from '../config.ts'

const run = promisify(execFile)

/** A process, and not whichever has its number later: numbers are reused, also across a reboot. */
export interface ProcessIdentity {
  readonly pid: number
  /** When the system started it, in the system's own words. */
  readonly mark: string
}

export interface ProcessFacts extends ProcessIdentity {
  readonly parent: number
  readonly paused: boolean
}

/** Undefined when no such process lives; one that is dead and not yet reaped does not. */
export async function lookUp(pid: number): Promise<ProcessFacts | undefined> {
  return process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid)
}

/** The same at once, for a child that must be on record before anything else can happen. */
export function lookUpNow(pid: number): ProcessFacts | undefined {
  try {
    return process.platform === 'linux'
      ? parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'utf8'))
      : parsePs(pid, execFileSync('ps', [...psArguments, String(pid)], { encoding: 'utf8', env: psEnvironment }))
  } catch {
    return undefined
  }
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await lookUp(identity.pid))?.mark === identity.mark
}

/** The process and everything below it, parents first. */
export async function family(pid: number): Promise<readonly ProcessFacts[]> {
  return await families([pid])
}

/** The same of several, from one look at all processes; each once. */
export async function families(pids: readonly number[]): Promise<readonly ProcessFacts[]> {
  return below(pids, await everyProcess())
}

let lately: { readonly atMs: number; readonly all: Promise<readonly ProcessFacts[]> } = {
  atMs: Number.NEGATIVE_INFINITY,
  all: Promise.resolve([]),
}

function below(pids: readonly number[], all: readonly ProcessFacts[]): readonly ProcessFacts[] {
  const found = new Set(all.filter(({ pid }) => pids.includes(pid)))
  // The set grows while it is walked: children of children join at its end.
  for (const member of found) for (const each of all) if (each.parent === member.pid) found.add(each)
  return [...found]
}

/** Processor time that a process has used, and those of its children that have ended. 0 when it is gone. */
export async function processorMs(pid: number): Promise<number> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // proc(5): fields 14 to 17, in ticks.
    const ticks = fieldsOf(stat).slice(14 - 3, 18 - 3)
    return ticks.reduce((sum, field) => sum + Number(field) * msPerTick, 0)
  }
  const { stdout } = await run('ps', ['-o', 'time=', '-p', String(pid)], { env: psEnvironment }).catch(() => ({
    stdout: '0',
  }))
  return secondsOf(stdout.trim()) * 1_000
}

/** USER_HZ: 100 on every architecture that PostgreSQL's package is for. */
const msPerTick = 10

/** `[[days-]hours:]minutes:seconds.hundredths` */
export function secondsOf(time: string): number {
  const [seconds = 0, minutes = 0, hours = 0, days = 0] = time.split(/[-:]/).map(Number).toReversed()
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
}

/**
 * The same with everything that runs below it: PostgreSQL recovers in a child. What runs is looked up again after `ageMaxMs`,
 * for all callers together, since it means a look at every process of the machine.
 */
export async function familyProcessorMs(pid: number, ageMaxMs = 0): Promise<number> {
  if (performance.now() - lately.atMs >= ageMaxMs) lately = { atMs: performance.now(), all: everyProcess() }
  const members = below([pid], await lately.all)
  const times = await Promise.all(members.map((member) => processorMs(member.pid)))
  return times.reduce((sum, ms) => sum + ms, 0)
}

/** Memory of a process and its children. On Linux shared pages are counted once (PSS): PostgreSQL's would count per backend. */
export async function memoryBytes(pid: number): Promise<number> {
  const members = await family(pid)
  const sizes = await Promise.all(members.map((member) => memoryOfOne(member.pid)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** The command line and the folder it runs in, for a person to recognise the process by. */
export async function describe(pid: number): Promise<string> {
  try {
    const { stdout } = await run('ps', ['-o', 'args=', '-p', String(pid)])
    const folder = await workingDirectory(pid)
    return `${withoutFlags(stdout)}${folder === undefined ? '' : ` in ${folder}`}`
  } catch {
    return 'a process that cannot be looked up'
  }
}

const describedMax = 100

/** Programs of this project have so many flags and such long paths that what they run would be cut off. */
function withoutFlags(commandLine: string): string {
  const [program = '', ...words] = commandLine.trim().split(/\s+/)
  return [basename(program), ...words.filter((word) => !word.startsWith('-'))].join(' ').slice(0, describedMax)
}

/** Undefined for a process of another user. */
async function workingDirectory(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  const { stdout } = await run('lsof', ['-a', '-d', 'cwd', '-Fn', '-p', String(pid)]).catch(() => ({ stdout: '' }))
  return /^n(.*)$/m.exec(stdout)?.[1]
}

async function fromProc(pid: number): Promise<ProcessFacts | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat === undefined ? undefined : parseStat(pid, stat)
}

/** Of proc(5), from the third on: the name before it stands in brackets and may hold anything. */
const fieldsOf = (stat: string): readonly string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ')

let bootId: string | undefined

function parseStat(pid: number, stat: string): ProcessFacts | undefined {
  // proc(5): state is the field after the name, start time the 22nd.
  const fields = fieldsOf(stat)
  const [state, parent] = fields
  const startTicks = fields[22 - 3]
  if (state === undefined || startTicks === undefined || state === 'X') return undefined
  // A leader that is dead while threads of it still end: they hold its sockets and its files.
  const threads = Number(fields[20 - 3])
  if (state === 'Z' && threads <= 1) return undefined
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return { pid, mark: `${bootId}/${startTicks}`, parent: Number(parent), paused: state === 'T' }
}

/** Start times must read the same tomorrow, in another shell, and after the clocks are changed. */
const psEnvironment = { ...machineEnvironment(), LC_ALL: 'C', TZ: 'UTC' }
const psArguments = ['-o', 'ppid=,state=,lstart=', '-p']

async function fromPs(pid: number): Promise<ProcessFacts | undefined> {
  const { stdout } = await run('ps', [...psArguments, String(pid)], { env: psEnvironment }).catch(() => ({
    stdout: '',
  }))
  return parsePs(pid, stdout)
}

function parsePs(pid: number, output: string): ProcessFacts | undefined {
  const [parent = '', state = 'Z', ...started] = output.trim().split(/\s+/)
  if (state.startsWith('Z')) return undefined
  return { pid, mark: started.join(' '), parent: Number(parent), paused: state.startsWith('T') }
}

async function everyProcess(): Promise<readonly ProcessFacts[]> {
  const pids =
    process.platform === 'linux'
      ? (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
      : (await run('ps', ['-axo', 'pid='])).stdout.trim().split(/\s+/)
  const all = await Promise.all(pids.map((pid) => lookUp(Number(pid))))
  return all.filter((each) => each !== undefined)
}

async function memoryOfOne(pid: number): Promise<number> {
  try {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
    return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024
  } catch {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '0' }))
    return Number(stdout.trim()) * 1024
  }
}
