import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { promisify } from 'node:util'
import type { Problem } from '../stack.ts'
import { describe } from './process-table.ts'

const run = promisify(execFile)

export interface NeededPort {
  readonly port: number
  readonly owner: string
  /** The environment variable that moves it. */
  readonly variable: string
}

/** Ports that somebody else listens on. */
export async function busyPorts(ports: readonly NeededPort[]): Promise<readonly Problem[]> {
  return (await Promise.all(ports.map(busy))).filter((problem) => problem !== undefined)
}

/** Who listens on a port of this machine, in words; undefined when it is free. */
export async function occupant(port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    await listen(server, port)
    return undefined
  } catch {
    const pid = await listener(port)
    return pid === undefined ? 'another process' : `process ${pid} (${await describe(pid)})`
  } finally {
    server.close()
  }
}

async function busy({ port, owner, variable }: NeededPort): Promise<Problem | undefined> {
  const holder = await occupant(port)
  if (holder === undefined) return undefined
  return {
    what: `port ${port}, for ${owner}, is in use by ${holder}`,
    fix: `${whoseEnd(holder)}, or move ours: echo ${variable}=${port + 100} >> .env`,
  }
}

/** What holds a container's port is Docker's, and must not be ended. */
const whoseEnd = (holder: string): string =>
  holder.includes('docker-proxy') ? 'end its container, which docker ps shows' : 'end that process'

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function listener(port: number): Promise<number | undefined> {
  if (process.platform === 'linux') return await listenerFromProc(port)
  const { stdout } = await run('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN']).catch(() => ({ stdout: '' }))
  return stdout === '' ? undefined : Number(stdout.split('\n')[0])
}

/** proc(5): the tables name a socket's inode, and among the descriptors of its process is a link to it. */
async function listenerFromProc(port: number): Promise<number | undefined> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const listening = '0A'
  const row = tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .find((fields) => fields[1]?.endsWith(local) && fields[3] === listening)
  const inode = row?.[9]
  if (inode === undefined) return undefined
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const owners = await Promise.all(pids.map(async (pid) => ((await holds(pid, `socket:[${inode}]`)) ? pid : undefined)))
  const owner = owners.find((pid) => pid !== undefined)
  return owner === undefined ? undefined : Number(owner)
}

async function holds(pid: string, target: string): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  return links.includes(target)
}
