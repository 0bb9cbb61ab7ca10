import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { limitMs } from '../limits.ts'
import { testSettings } from './layout.ts'
import type { Shop } from './shop.ts'
import { provider } from './stack.ts'

export const run = promisify(execFile)
export const root = new URL('../../../', import.meta.url)

/** What makes a command work on the stack of the tests. */
export function environmentOf({ stack, stackPorts, ports }: Shop) {
  const variables = Object.entries({ ...stackPorts, ...ports }).map(([name, port]) => {
    const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    return [`${words}_PORT`, `${port}`] as const
  })
  return {
    STACK: provider === 'native' ? 'native' : 'docker',
    PAYSAGA_DIRECTORY: stack.directory,
    // What is started with other settings make up would start anew.
    ...testSettings,
    ...Object.fromEntries(variables),
  }
}

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

const timeoutMs = limitMs(50_000)

/** Runs a command behind `make` against the stack of the tests, whatever becomes of it. `more` wins over its environment. */
export function runCliOf(shop: Shop, more: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, ...environmentOf(shop), ...more }
  return (command: string, ...args: readonly string[]): Promise<Ran> =>
    new Promise((resolve, reject) => {
      const options = { cwd: root, env, timeout: timeoutMs }
      execFile(process.execPath, [`infra/cli/${command}.ts`, ...args], options, (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error)
        else resolve({ stdout, stderr, code: Number(error?.code ?? 0) })
      })
    })
}

/** The same. @returns what it prints; rejects when it fails */
export function cliOf(shop: Shop) {
  const runCli = runCliOf(shop)
  return async (command: string, ...args: readonly string[]): Promise<string> => {
    const { stdout, stderr, code } = await runCli(command, ...args)
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`)
    return stdout
  }
}
