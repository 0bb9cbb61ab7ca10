import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { machineEnvironment } from '../../../infra/config.ts'
import { type Command, parseReplayed, type Replayed } from './command.ts'

const script = fileURLToPath(new URL('./main.ts', import.meta.url))
/** To start, to warm up, and for the last orders to end. */
const graceMs = 60_000

export interface ReplayOptions extends Omit<Command, 'slots'> {
  /** Of all processes together. */
  readonly slots: number
  /** So that one of them alone is not the limit. */
  readonly processes: number
}

/** Processes that are connected and warm. They end when they are disposed of, or when this process does. */
export interface Replay extends AsyncDisposable {
  /** Once. Throws when a process fails; a statement that fails is in `faults`. */
  run(): Promise<Replayed>
}

export async function openReplay({ slots, processes, ...command }: ReplayOptions): Promise<Replay> {
  const shares = Array.from({ length: processes }, (_, index) => Math.floor((slots + index) / processes))
  const children = shares.map((share) => startProcess({ ...command, slots: share }))
  const stop = async () => {
    await Promise.all(children.map((child) => child.stop()))
  }
  try {
    await Promise.all(children.map((child) => child.ready))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    run: async () => together(await Promise.all(children.map((child) => child.run()))),
    [Symbol.asyncDispose]: stop,
  }
}

function startProcess(command: Command) {
  const child = execa(process.execPath, [script], {
    env: { ...machineEnvironment(), NODE_ENV: 'production' },
    extendEnv: false,
    timeout: command.seconds * 1_000 + graceMs,
  })
  child.stdin.write(`${JSON.stringify(command)}\n`)
  return {
    // It says one word when it is ready, and nothing else until it has ended.
    ready: Promise.race([once(child.stdout, 'data'), child]),
    run: async (): Promise<Replayed> => {
      child.stdin.write('go\n')
      const { stdout } = await child
      return parseReplayed(stdout.slice(stdout.indexOf('\n') + 1))
    },
    stop: async () => {
      child.kill()
      await child.catch(() => undefined)
    },
  }
}

function together(all: readonly Replayed[]): Replayed {
  return {
    orders: all.reduce((sum, { orders }) => sum + orders, 0),
    firstBeginAtMs: Math.min(...all.map(({ firstBeginAtMs }) => firstBeginAtMs)),
    lastCommitAtMs: Math.max(...all.map(({ lastCommitAtMs }) => lastCommitAtMs)),
    // A statement that fails does so in every slot.
    faults: [...new Set(all.flatMap(({ faults }) => faults))],
  }
}
