import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { limitMs } from './limits.ts'
import type { openShop } from './shop.ts'
import { provider } from './stack.ts'

export const run = promisify(execFile)
export const root = new URL('../../', import.meta.url)

/** What makes a command work on the stack of the tests. */
export function environmentOf({ stack, stackPorts, ports }: ReturnType<typeof openShop>) {
  const variables = Object.entries({ ...stackPorts, ...ports }).map(([name, port]) => {
    const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    return [`${words}_PORT`, `${port}`] as const
  })
  return {
    STACK: provider === 'native' ? 'native' : 'docker',
    PAYSAGA_DIRECTORY: stack.directory,
    ...Object.fromEntries(variables),
  }
}

/** Runs a command behind `make` against the stack of the tests. @returns what it prints; rejects when it fails */
export function cliOf(shop: ReturnType<typeof openShop>) {
  const env = { ...process.env, ...environmentOf(shop) }
  return async (command: string, ...args: readonly string[]): Promise<string> =>
    (await run(process.execPath, [`infra/cli/${command}.ts`, ...args], { cwd: root, env, timeout: limitMs(50_000) }))
      .stdout
}
