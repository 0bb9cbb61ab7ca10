import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { vi } from 'vitest'

const script = new URL('../../apps/gateway-simulator/main.ts', import.meta.url).pathname

export interface Simulator extends AsyncDisposable {
  readonly url: string
  readonly apiKey: string
}

/** The gateway simulator as a process of its own, with a record that goes with it. */
export async function startSimulator(): Promise<Simulator> {
  const apiKey = 'sk_test_simulator'
  const directory = await mkdtemp(join(tmpdir(), 'gateway-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = { PORT: `${port}`, SIMULATOR_DATA_DIR: directory, GATEWAY_API_KEY: apiKey, LOG_LEVEL: 'warn' }
  const child = execa(process.execPath, [script], { env: { ...env, NODE_ENV: 'production' }, reject: false })
  const ready = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  await vi.waitUntil(ready, { timeout: 10_000, interval: 20 })
  return {
    url,
    apiKey,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await child
      await rm(directory, { recursive: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  const port = await portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

export async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
