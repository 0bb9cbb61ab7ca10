import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { machineEnvironment } from '../../../infra/config.ts'
import { nodeFlags, ready, StartError } from '../../../infra/index.ts'
import { occupant } from '../../../infra/process/ports.ts'

export interface ProcessOptions {
  readonly name: string
  readonly port: number
  readonly logFile: string
  readonly environment: Readonly<Record<string, string>>
}

const startTimeoutMs = 30_000
const endTimeoutMs = 15_000
const pollMs = 25

/** A process that ends with this one, for it hears its standard input close. It is not ready yet. Throws `StartError`. */
export async function startProcess({ name, port, logFile, environment }: ProcessOptions): Promise<ChildProcess> {
  // Else a stranger would answer for it, and be measured.
  const holder = await occupant(port)
  if (holder !== undefined) throw new StartError(name, `port ${port} is in use by ${holder}`, logFile)
  await mkdir(dirname(logFile), { recursive: true })
  const log = await open(logFile, 'a')
  try {
    const child = spawn(process.execPath, [...nodeFlags, fileURLToPath(new URL(`${name}.ts`, import.meta.url))], {
      env: { ...machineEnvironment(), ...environment, NODE_ENV: 'production', PORT: String(port) },
      stdio: ['pipe', log.fd, log.fd],
    })
    await once(child, 'spawn')
    // Whoever forgets to stop it may still come to an end.
    child.unref()
    return child
  } finally {
    await log.close()
  }
}

/** Throws `StartError`. */
export async function untilReady(child: ChildProcess, { name, port, logFile }: ProcessOptions): Promise<void> {
  const deadline = performance.now() + startTimeoutMs
  while (!(await ready(`http://127.0.0.1:${port}/readyz`))) {
    if (!runs(child)) throw new StartError(name, 'the process ended', logFile)
    if (performance.now() > deadline) throw new StartError(name, `not ready within ${startTimeoutMs} ms`, logFile)
    await wait(pollMs)
  }
}

export const runs = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null

/** SIGTERM, and SIGKILL for one that does not go. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (!runs(child)) return
  // Referenced again: nothing else may be left to wait for.
  child.ref()
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs)
  await ended
  clearTimeout(late)
}
