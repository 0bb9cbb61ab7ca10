import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { machineEnvironment } from '../../infra/config.ts'
import type { Load, System } from '../system.ts'
import { type Generated, parseCommand, parseGenerated } from './command.ts'

const script = fileURLToPath(new URL('./main.ts', import.meta.url))
/** To start, and above what the generator allows itself for stragglers. */
const graceMs = 60_000
/** A million orders of a hundred bytes each, and room. */
const maxResultBytes = 250_000_000

/** The generator, started and ready to send. It ends when it is disposed of, whatever it is doing. */
export interface Generator extends AsyncDisposable {
  /** Sends the load, once, and returns when all of it was answered or has failed. Throws when the process fails. */
  run(): Promise<Generated>
}

/**
 * A load in a process of its own, in two steps for what is to be read just before the first order.
 * @throws before anything is sent when the URL is not this machine's or the load makes no sense; and when the process fails
 */
export async function openGenerator({ orders }: Pick<System, 'orders'>, load: Load): Promise<Generator> {
  const command = parseCommand({ ...orders, load })
  const child = execa(process.execPath, [script, JSON.stringify(command)], {
    env: { ...machineEnvironment() },
    extendEnv: false,
    timeout: load.seconds * 1000 + graceMs,
    maxBuffer: maxResultBytes,
  })
  // It says one word when it is ready, and nothing else until it has ended.
  await Promise.race([once(child.stdout, 'data'), child])
  return {
    run: async () => {
      child.stdin.end('go\n')
      const { stdout } = await child
      return parseGenerated(stdout.slice(stdout.indexOf('\n') + 1))
    },
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.catch(() => undefined)
    },
  }
}
