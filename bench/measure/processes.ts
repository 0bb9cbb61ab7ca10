import { readFile } from 'node:fs/promises'
import { family, memoryBytes } from '../../infra/process/process-table.ts'

export interface Usage {
  /** When it was read, on a clock that only goes forward. */
  readonly atMs: number
  /** Processor time by name since the process started, that of its children included, also of those that have ended. */
  readonly cpuSeconds: ReadonlyMap<string, number>
}

/** `_SC_CLK_TCK`: /proc counts in hundredths of a second on every Linux, whatever the kernel's own tick. */
const ticksPerSecond = 100

/**
 * What each process with all its descendants has used: PostgreSQL is its postmaster and the backends. A process that
 * does not live is left out, and where there is no /proc (macOS) all are.
 */
export async function readUsage(processes: ReadonlyMap<string, number>): Promise<Usage> {
  return { atMs: performance.now(), cpuSeconds: await readEach(processes, cpuSecondsOf) }
}

/**
 * Memory by name, in bytes, each process with all its descendants; those that do not live are left out. Shared pages
 * count once (PSS): PostgreSQL's would count per backend. What may not be read so counts by its resident size (RSS).
 */
export async function readMemory(processes: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
  return await readEach(processes, async (pid) => {
    const bytes = await memoryBytes(pid)
    return bytes === 0 ? undefined : bytes
  })
}

/** Cores that each process kept busy between two readings, on average; 1 is one core. Only those that are in both. */
export function coresBetween(before: Usage, after: Usage): Readonly<Record<string, number>> {
  const seconds = secondsBetween(before, after)
  return Object.fromEntries(
    [...after.cpuSeconds].flatMap(([name, cpuSeconds]) => {
      const earlier = before.cpuSeconds.get(name)
      return earlier === undefined ? [] : [[name, toCores(cpuSeconds - earlier, seconds)]]
    }),
  )
}

export function secondsBetween(before: Usage, after: Usage): number {
  return (after.atMs - before.atMs) / 1000
}

/** To a thousandth: a tick in ten seconds. */
export function toCores(cpuSeconds: number, seconds: number): number {
  return Math.round((cpuSeconds / seconds) * 1000) / 1000
}

async function readEach(
  processes: ReadonlyMap<string, number>,
  read: (pid: number) => Promise<number | undefined>,
): Promise<ReadonlyMap<string, number>> {
  const all = await Promise.all([...processes].map(async ([name, pid]) => ({ name, value: await read(pid) })))
  return new Map(all.flatMap(({ name, value }): [string, number][] => (value === undefined ? [] : [[name, value]])))
}

async function cpuSecondsOf(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  const members = await family(pid)
  const ticks = await Promise.all(members.map((member) => ticksOf(member.pid)))
  return members.length === 0 ? undefined : ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond
}

/** A child's time goes over to its parent when it ends, so none is lost or counted twice. */
async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // proc(5): the name stands in brackets and may hold anything; the 14th to 17th field are utime, stime, cutime, cstime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(14 - 3, 18 - 3).reduce((sum, field) => sum + Number(field), 0)
}
