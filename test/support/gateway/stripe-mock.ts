import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { vi } from 'vitest'
import { freePorts } from '../../../infra/index.ts'
import { limitMs } from '../limits.ts'

/** Pinned, for with each version comes another edition of Stripe's published API description. */
const version = 'v0.203.0'
const directory = fileURLToPath(new URL(`../../../.cache/stripe-mock/${version}`, import.meta.url))
const binary = `${directory}/stripe-mock`
const buildTimeoutMs = limitMs(120_000)

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
  const [port = 0] = await freePorts(1)
  const child = execa(path, ['-http-addr', `127.0.0.1:${port}`], { reject: false })
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
  await vi.waitUntil(answers, { timeout: limitMs(10_000), interval: 20 })
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child
    },
  }
}
