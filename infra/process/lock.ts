import { linkSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { isAlive, lookUp } from './process-table.ts'

const pollMs = 50
const beatEveryMs = 1_000
const holder = z.object({ pid: z.number().int(), mark: z.string() })
let counter = 0
/** What this process holds, by file. */
const held = new Map<string, symbol>()

/**
 * Runs `work` while nothing else, here or in another process, runs under the same lock file. The lock of a process that
 * died is taken over. A holder shows every second that it gets on, and is waited for as long as it does; throws when it
 * has shown nothing for `stillMaxMs`. With less than a second that is at once: for work that must not wait.
 */
export async function withLock<T>(file: string, stillMaxMs: number, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  let seen = { beatMs: 0, atMs: performance.now() }
  const hold = Symbol(file)
  while (!(await taken(file, hold))) {
    if (await abandoned(file)) await removeAbandoned(file)
    else {
      const beatMs = await beatOf(file)
      if (beatMs !== seen.beatMs && stillMaxMs > beatEveryMs) seen = { beatMs, atMs: performance.now() }
      if (performance.now() - seen.atMs > stillMaxMs) {
        throw new Error(`${file} is held by another process, which has shown no progress for ${stillMaxMs} ms`)
      }
      await wait(pollMs)
    }
  }
  const beating = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), beatEveryMs)
  beating.unref()
  try {
    return await work()
  } finally {
    clearInterval(beating)
    // Released before, it may be another's by now.
    if (held.get(file) === hold) {
      held.delete(file)
      await rm(file, { force: true })
    }
  }
}

/** At once, by a process that stands still until it ends: what ends its work needs the same locks. */
export function releaseLocks(): void {
  for (const file of held.keys()) {
    try {
      if (holder.parse(JSON.parse(readFileSync(file, 'utf8'))).pid === process.pid) rmSync(file)
    } catch {
      // Another has taken it over, or removed it.
    }
  }
  held.clear()
}

const beatOf = async (file: string): Promise<number> => (await stat(file).catch(() => undefined))?.mtimeMs ?? 0

/** Written aside and linked, so that nobody ever sees a lock without its holder. */
async function taken(file: string, hold: symbol): Promise<boolean> {
  const aside = uniqueName(file)
  await writeFile(aside, JSON.stringify({ pid: process.pid, mark: (await lookUp(process.pid))?.mark }))
  try {
    // Both in the same breath: an interruption must not come between.
    linkSync(aside, file)
    held.set(file, hold)
    return true
  } catch {
    return false
  } finally {
    await rm(aside)
  }
}

async function abandoned(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return false
  return !(await isAlive(holder.parse(JSON.parse(text))))
}

/** Two may find the same dead holder: the second must not remove the lock that the first has taken meanwhile. */
async function removeAbandoned(file: string): Promise<void> {
  const aside = uniqueName(file)
  try {
    await rename(file, aside)
    if (await abandoned(aside)) await rm(aside)
    else await rename(aside, file)
  } catch {
    // Somebody else was faster.
  }
}

function uniqueName(file: string): string {
  counter += 1
  return `${file}.${process.pid}.${counter}`
}
