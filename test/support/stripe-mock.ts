import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { vi } from 'vitest'

/** Pinned, for with each version comes another edition of Stripe's published API description. */
const version = 'v0.203.0'
const directory = fileURLToPath(new URL(`../../.cache/stripe-mock/${version}`, import.meta.url))
const binary = `${directory}/stripe-mock`
const buildTimeoutMs = 120_000

/**
 * Stripe's own stand-in, built from its Go module and kept: it is stateless, and holds every request against Stripe's
 * published description. Undefined where it cannot be had, for want of Go or of a network: that is no failure of ours.
 */
export async function stripeMock(): Promise<string | undefined> {
  if (existsSync(binary)) return binary
  const { failed } = await execa('go', ['install', `github.com/stripe/stripe-mock@${version}`], {
    env: { GOBIN: directory, GOTOOLCHAIN: 'local', GOFLAGS: '' },
    timeout: buildTimeoutMs,
    reject: false,
  })
  return failed || !existsSync(binary) ? undefined : binary
}

/** On a free port of this machine. `await using` ends it. */
export async function startStripeMock(path: string) {
  const port = await freePort()
  const child = execa(path, ['-http-addr', `127.0.0.1:${port}`], { reject: false })
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
  await vi.waitUntil(answers, { timeout: 10_000, interval: 20 })
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
