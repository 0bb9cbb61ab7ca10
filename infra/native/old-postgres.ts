import { readdir, readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { lookUp } from '../process/process-table.ts'

const pollMs = 25
/** A backend notices its killed postmaster at once, unless it is in the middle of a long statement. */
const timeoutMs = 10_000

/**
 * Waits for what a killed postmaster leaves behind, then removes its lock file. PostgreSQL would refuse to start while the
 * number in that file exists at all: as a zombie that nobody has collected yet (seen here for seconds), or as another
 * process after a reboot. That a server runs in this folder is certain from the processes, whose working directory it is.
 * Throws when they do not go. Where there is no /proc the decision is left to PostgreSQL.
 */
export async function clearOldPostgres(dataDirectory: string): Promise<void> {
  if (process.platform !== 'linux') return
  const folder = await realpath(dataDirectory)
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const left = await processesIn(folder)
    if (left.length === 0) break
    if (performance.now() > deadline)
      throw new Error(`PostgreSQL runs in ${folder} already: processes ${left.join(', ')}`)
    await wait(pollMs)
  }
  await rm(join(folder, 'postmaster.pid'), { force: true })
}

async function processesIn(folder: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => '')
      return workingDirectory === folder && (await lookUp(pid)) ? pid : undefined
    }),
  )
  return found.filter((pid) => pid !== undefined)
}
