import { setTimeout as wait } from 'node:timers/promises'
import { families, isAlive, type ProcessIdentity } from '../process/process-table.ts'

const pollMs = 20
/** A killed process that holds a lot of memory takes a second to be gone. */
const goneTimeoutMs = 10_000
/** A process that is being replaced by another program shows no environment for a moment. */
const quietMs = 60
/** Each kills all that was there when it began. Only processes that start others without end come to so many. */
const roundsMax = 50

type Find = () => readonly ProcessIdentity[]

/** SIGKILL to all that is found and to everything below it, until nothing is found any more. Throws when some survive. */
export async function killAll(find: Find): Promise<void> {
  for (let round = 0; round < roundsMax; round += 1) {
    const found = find()
    if (found.length > 0) await killFamilies(found)
    else {
      await wait(quietMs)
      if (find().length === 0) return
    }
  }
  throw new Error(`these go on to start others: processes ${pids(find())}`)
}

/** SIGTERM, and SIGKILL to what is still there after `graceMs`. */
export async function endAll(find: Find, graceMs: number): Promise<void> {
  const found = find()
  for (const each of found) {
    await send(each, 'SIGTERM')
    // A paused process sees no signal before it goes on.
    await send(each, 'SIGCONT')
  }
  await gone(found, graceMs)
  await killAll(find)
}

async function killFamilies(found: readonly ProcessIdentity[]): Promise<void> {
  // Held still first, and looked up before the first is killed: a child that does not show its environment, like a backend
  // of PostgreSQL, is known by its parent alone.
  for (const each of found) await send(each, 'SIGSTOP')
  const living = (await Promise.all(found.map(async (each) => ((await isAlive(each)) ? [each.pid] : [])))).flat()
  const all = (await families(living)).filter(({ pid }) => pid !== process.pid)
  for (const each of all) await send(each, 'SIGKILL')
  if (!(await gone(all, goneTimeoutMs))) throw new Error(`these survive SIGKILL: processes ${pids(all)}`)
}

/** Only to that process: its number may belong to another one by now. */
async function send(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(identity))) return
  try {
    process.kill(identity.pid, signal)
  } catch {
    // It has ended by itself, or belongs to another user now.
  }
}

async function gone(identities: readonly ProcessIdentity[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while ((await Promise.all(identities.map(isAlive))).includes(true)) {
    if (performance.now() > deadline) return false
    await wait(pollMs)
  }
  return true
}

const pids = (identities: readonly ProcessIdentity[]): string => identities.map(({ pid }) => pid).join(', ')
