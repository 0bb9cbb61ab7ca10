import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { vi } from 'vitest'
import { freePorts } from '../../../infra/index.ts'
import { limitMs } from '../limits.ts'

const script = new URL('../../../apps/simulators/gateway/main.ts', import.meta.url).pathname

type Settings = Readonly<Record<string, string>>

export interface Simulator extends AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly apiKey: string
  /** After a stop, on the same record. @param more beside the settings that it was started with first */
  start(more?: Settings): Promise<void>
  /** @returns its exit code; undefined after SIGKILL */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined>
}

/** The gateway simulator as a process of its own, with a record that goes with it. */
export async function startSimulator(settings: Settings = {}): Promise<Simulator> {
  const apiKey = 'sk_test_simulator'
  const directory = await mkdtemp(join(tmpdir(), 'gateway-'))
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const own = { PORT: `${port}`, SIMULATOR_DATA_DIR: directory, GATEWAY_API_KEY: apiKey, LOG_LEVEL: 'warn' }
  const spawn = (more: Settings) =>
    execa(process.execPath, [script], { env: { ...own, ...settings, ...more, NODE_ENV: 'production' }, reject: false })
  let child: ReturnType<typeof spawn>
  const ready = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  const start = async (more: Settings = {}): Promise<void> => {
    child = spawn(more)
    await vi.waitUntil(ready, { timeout: limitMs(20_000), interval: 20 }).catch((error: unknown) => {
      child.kill('SIGKILL')
      throw error
    })
  }
  const stop: Simulator['stop'] = async (signal) => {
    child.kill(signal)
    return (await child).exitCode
  }
  await start()
  return {
    port,
    url,
    apiKey,
    start,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGTERM')
      await rm(directory, { recursive: true })
    },
  }
}

export async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
