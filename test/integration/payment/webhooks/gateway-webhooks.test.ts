import { createServer } from 'node:net'
import Stripe from 'stripe'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { portOf, type Simulator, startSimulator } from '../../../support/gateway/simulator.ts'
import { receiveWebhooks } from '../../../support/gateway/webhook-receiver.ts'
import { limitMs } from '../../../support/limits.ts'

const secret = 'whsec_test'
const within = { timeout: limitMs(20_000), interval: 20 }
let simulator: Simulator
let receiver: Awaited<ReturnType<typeof receiveWebhooks>>
let stripe: Stripe

const pay = (orderId: string) =>
  stripe.paymentIntents.create({
    amount: 1200,
    currency: 'eur',
    payment_method: 'pm_card_visa',
    confirm: true,
    metadata: { orderId },
  })

const counts = z.object({ delivered: z.int(), waiting: z.int(), failed: z.int() })
const standing = async () => counts.parse(await (await fetch(`${simulator.url}/simulator/webhooks`)).json())

beforeAll(async () => {
  receiver = await receiveWebhooks(secret)
  simulator = await startSimulator({
    GATEWAY_WEBHOOK_URL: receiver.url,
    GATEWAY_WEBHOOK_SECRET: secret,
    GATEWAY_WEBHOOK_RETRY_MS: '50',
  })
  const { port, apiKey } = simulator
  stripe = new Stripe(apiKey, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0, telemetry: false })
})

afterAll(async () => {
  await simulator[Symbol.asyncDispose]()
  await receiver[Symbol.asyncDispose]()
})

test('delivers after SIGKILL what was not delivered, and nothing else again', async () => {
  const { id: before } = await pay('o-before')
  await vi.waitFor(async () => expect(await standing()).toMatchObject({ delivered: 2, waiting: 0 }), within)
  receiver.answer = () => 503
  const { id: meanwhile } = await pay('o-meanwhile')
  await vi.waitFor(() => expect(receiver.typesOf(meanwhile).length).toBeGreaterThan(0), within)
  await simulator.stop('SIGKILL')

  receiver.answer = () => 200
  const seen = receiver.received.length
  await simulator.start()
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
  const silent = createServer()
  const silentPort = await portOf(silent.listen(0, '127.0.0.1'))
  await simulator.stop('SIGTERM')
  await simulator.start({ GATEWAY_WEBHOOK_URL: `http://127.0.0.1:${silentPort}` })
  const { id: unheard } = await pay('o-silence')
  await vi.waitFor(async () => expect(await standing()).toMatchObject({ waiting: 2 }), within)
  expect(await simulator.stop('SIGTERM')).toBe(0)
  silent.close()
  await simulator.start()
  await vi.waitFor(() => expect(receiver.typesOf(unheard)).toHaveLength(2), within)
})

test('does not deliver what happened while nobody was to hear of it', async () => {
  await simulator.stop('SIGTERM')
  await simulator.start({ GATEWAY_WEBHOOK_URL: '' })
  const { id } = await pay('o-unheard')
  await simulator.stop('SIGTERM')
  await simulator.start()
  const { id: heard } = await pay('o-heard')
  await vi.waitFor(() => expect(receiver.typesOf(heard)).toHaveLength(2), within)
  expect(receiver.typesOf(id)).toEqual([])
  expect((await stripe.events.list({ limit: 4 })).data).toHaveLength(4)
})
