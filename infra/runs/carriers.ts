import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { lookUpNow, type ProcessIdentity } from '../process/process-table.ts'
import { type Marks, marksIn } from './config.ts'

/** A process that says in its environment which runs it belongs to, or which daemon it is. */
export interface Carrier extends ProcessIdentity, Marks {
  readonly user: number
}

/**
 * Every process of this machine that carries the marker and may be looked into. At once and not in turns with other work,
 * for it is also asked by a process that is about to end.
 */
export function carriers(): readonly Carrier[] {
  return process.platform === 'linux' ? fromProc() : fromPs()
}

/** Those that belong to one run, other than this process. */
export function carriersOf(run: string): readonly Carrier[] {
  return carriers().filter(({ runs, pid }) => runs.includes(run) && pid !== process.pid)
}

function fromProc(): readonly Carrier[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && marksOf(name) !== undefined)
    .flatMap((name) => {
      const identity = lookUpNow(Number(name))
      // Read again: the number may have gone over to another process before that one's mark was read.
      const marks = marksOf(name)
      if (identity === undefined || marks === undefined) return []
      return [{ pid: identity.pid, mark: identity.mark, ...marks, user: userOf(name) }]
    })
}

/** proc(5): the environment as the program got it. Of other users it cannot be read, of a process that has just ended neither. */
function marksOf(pid: string): Marks | undefined {
  try {
    return marksIn(readFileSync(`/proc/${pid}/environ`, 'utf8'), '\0')
  } catch {
    return undefined
  }
}

function userOf(pid: string): number {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return -1
  }
}

const psMaxBytes = 64 * 1024 * 1024

/** macOS: `-E` shows the environment behind the command. */
function fromPs(): readonly Carrier[] {
  const output = execFileSync('ps', ['-axwwE', '-o', 'pid=,uid=,command='], {
    encoding: 'utf8',
    maxBuffer: psMaxBytes,
  })
  return output.split('\n').flatMap((line) => {
    const [, pid, user, rest = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    const marks = marksIn(rest, ' ')
    const identity = marks === undefined ? undefined : lookUpNow(Number(pid))
    return marks === undefined || identity === undefined
      ? []
      : [{ pid: identity.pid, mark: identity.mark, ...marks, user: Number(user) }]
  })
}
