import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { receiveWebhooks } from '../support/webhook-receiver.ts'

const script = new URL('../../apps/gateway-simulator/main.ts', import.meta.url).pathname
const apiKey = 'sk_test_simulator'
const secret = 'whsec_test'
const within = { timeout: 20_000, interval: 20 }
let directory: string
let port: number
let child: ReturnType<typeof spawn>
let receiver: Awaited<ReturnType<typeof receiveWebhooks>>
let stripe: Stripe

const spawn = (more: Record<string, string>) =>
  execa(process.execPath, [script], {
    env: {
      PORT: String(port),
      SIMULATOR_DATA_DIR: directory,
      GATEWAY_API_KEY: apiKey,
      GATEWAY_WEBHOOK_URL: receiver.url,
      GATEWAY_WEBHOOK_SECRET: secret,
      GATEWAY_WEBHOOK_RETRY_MS: '50',
      NODE_ENV: 'production',
      ...more,
    },
    reject: false,
  })

async function start(more: Record<string, string> = {}): Promise<void> {
  child = spawn(more)
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  await vi.waitUntil(ready, within)
}

async function stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | undefined> {
  child.kill(signal)
  return (await child).exitCode
}

const pay = (orderId: string) =>
  stripe.paymentIntents.create({
    amount: 1200,
    currency: 'eur',
    payment_method: 'pm_card_visa',
    confirm: true,
    metadata: { orderId },
  })

const counts = z.object({ delivered: z.int(), waiting: z.int(), failed: z.int() })
const standing = async () => counts.parse(await (await fetch(`http://127.0.0.1:${port}/simulator/webhooks`)).json())

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gateway-'))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  port = address.port
  server.close()
  receiver = await receiveWebhooks(secret)
  stripe = new Stripe(apiKey, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0, telemetry: false })
})

afterAll(async () => {
  await stop('SIGTERM')
  await receiver[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

test('delivers after SIGKILL what was not delivered, and nothing else again', async () => {
  await start()
  const { id: before } = await pay('o-before')
  await vi.waitFor(async () => expect(await standing()).toMatchObject({ delivered: 2, waiting: 0 }), within)
  receiver.answer = () => 503
  const { id: meanwhile } = await pay('o-meanwhile')
  await vi.waitFor(() => expect(receiver.typesOf(meanwhile).length).toBeGreaterThan(0), within)
  await stop('SIGKILL')

  receiver.answer = () => 200
  const seen = receiver.received.length
  await start()
  await vi.waitFor(async () => expect(await standing()).toMatchObject({ delivered: 4, waiting: 0 }), within)
  const since = receiver.received.slice(seen)
  expect(since.map(({ event }) => event.type).toSorted()).toEqual([
    'payment_intent.created',
    'payment_intent.succeeded',
  ])
  expect(since.every(({ genuine }) => genuine)).toBe(true)
  expect(receiver.typesOf(before)).toHaveLength(2)
})

test('stops in time while a receiver is silent, and keeps the event for the next start', async () => {
  const { id } = await pay('o-last')
  await vi.waitFor(() => expect(receiver.typesOf(id)).toHaveLength(2), within)
  // It accepts connections and never says a word.
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = silent.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  await stop('SIGTERM')
  await start({ GATEWAY_WEBHOOK_URL: `http://127.0.0.1:${address.port}` })
  const { id: unheard } = await pay('o-silence')
  await vi.waitFor(async () => expect(await standing()).toMatchObject({ waiting: 2 }), within)
  expect(await stop('SIGTERM')).toBe(0)
  silent.close()
  await start()
  await vi.waitFor(() => expect(receiver.typesOf(unheard)).toHaveLength(2), within)
})

test('does not deliver what happened while nobody was to hear of it', async () => {
  await stop('SIGTERM')
  await start({ GATEWAY_WEBHOOK_URL: '' })
  const { id } = await pay('o-unheard')
  await stop('SIGTERM')
  await start()
  const { id: heard } = await pay('o-heard')
  await vi.waitFor(() => expect(receiver.typesOf(heard)).toHaveLength(2), within)
  expect(receiver.typesOf(id)).toEqual([])
  expect((await stripe.events.list({ limit: 4 })).data).toHaveLength(4)
})
