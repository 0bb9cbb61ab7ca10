import { randomInt } from 'node:crypto'
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { lookUpNow } from './process-table.ts'

/**
 * Below what operating systems give to outgoing connections (from 32768 on Linux, 49152 on macOS): a port that is free now
 * could be the near end of a connection a moment later.
 */
const [firstPort, endPort] = [20_000, 32_000] as const
const attemptsMax = 1_000
const folder = join(sharedFolder(), `paysaga-ports-${userInfo().uid}`)
const reserved = new Set<number>()

/**
 * Ports that no process listens on, for a stack of its own. They stay reserved for this process until it ends: what they are
 * for starts later, and another process that looks for ports meanwhile is given others.
 * @throws when a thousand ports in a row are taken
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  for (let attempt = 0; ports.length < count; attempt += 1) {
    if (attempt === attemptsMax) throw new Error(`Only ${ports.length} of ${count} ports are free on this machine.`)
    const port = randomInt(firstPort, endPort)
    if (!reserve(port)) continue
    if (await isFree(port)) ports.push(port)
    else release(port)
  }
  return ports
}

/** By a file that only one process can make. One of a process that is gone is taken over. */
function reserve(port: number): boolean {
  if (reserved.has(port)) return false
  if (reserved.size === 0) process.once('exit', () => reserved.forEach(release))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, String(port))
  if (!create(file)) {
    if (holderLives(file)) return false
    rmSync(file, { force: true })
    if (!create(file)) return false
  }
  reserved.add(port)
  return true
}

function create(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid} ${lookUpNow(process.pid)?.mark ?? ''}`, { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw new Error(
      `No port can be reserved in ${folder}: make room there, or remove it if it belongs to another user.`,
      {
        cause: error,
      },
    )
  }
}

/** The same for all processes of this user. TMPDIR is not: each run has its own. */
function sharedFolder(): string {
  try {
    accessSync('/tmp', constants.W_OK)
    return '/tmp'
  } catch {
    return tmpdir()
  }
}

function holderLives(file: string): boolean {
  try {
    const text = readFileSync(file, 'utf8')
    const [pid = '', ...mark] = text.split(' ')
    // Between its making and its first byte a file is empty: its maker lives.
    return text === '' || lookUpNow(Number(pid))?.mark === mark.join(' ')
  } catch {
    return false
  }
}

function release(port: number): void {
  reserved.delete(port)
  rmSync(join(folder, String(port)), { force: true })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
