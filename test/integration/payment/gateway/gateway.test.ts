import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type EffectCall, NotPerformed } from '#messaging'
import type { GatewayWord } from '../../../../apps/payment/gateway/gateway.ts'
import { stripeGateway } from '../../../../apps/payment/gateway/stripe/stripe-gateway.ts'
import { freePorts } from '../../../../infra/index.ts'
import { portOf, type Simulator, startSimulator } from '../../../support/gateway/simulator.ts'
import { effectCall } from '../../../support/payment/effect-call.ts'

const merchantId = '01990000-0000-7000-8000-00000000000a'
let simulator: Simulator
let url: string
let apiKey: string

beforeAll(async () => {
  simulator = await startSimulator()
  url = simulator.url
  apiKey = simulator.apiKey
})

afterAll(() => simulator[Symbol.asyncDispose]())

describe('the Stripe gateway', () => {
  test('holds, takes and gives back in parts', async () => {
    const order = newOrder()
    const paymentId = await held(order)
    expect(await order.capture(paymentId)).toEqual({
      type: 'Captured',
      paymentId,
      amountMinor: 1_200n,
      currency: 'EUR',
    })
    const some = { refundId: 'r1', amountMinor: 500n }
    expect(await order.refund(paymentId, some)).toEqual({ type: 'RefundSucceeded', ...some })
    const rest = { refundId: 'release', amountMinor: 700n }
    expect(await order.refund(paymentId, rest)).toEqual({ type: 'RefundSucceeded', ...rest })
    expect(await chargesOf(order.orderId)).toEqual({ authorised: 1, captured: 1, refunded: 2, netMinor: 0 })
  })

  test('says how long the hold stands', async () => {
    const word = await newOrder().authorise()
    expect(word).toMatchObject({ type: 'Held', amountMinor: 1_200n, currency: 'EUR' })
    const days = word.type === 'Held' ? (Date.parse(word.expiresAt) - Date.now()) / (24 * 60 * 60 * 1_000) : 0
    expect(days).toBeCloseTo(7, 1)
  })

  test.each([
    ['pm_card_chargeDeclined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error'],
    ['pm_card_authenticationRequired', 'authentication_required'],
    ['pm_nobody_knows', 'resource_missing'],
  ])('%s is refused as %s, and again when asked again', async (paymentMethod, code) => {
    const order = newOrder(paymentMethod)
    const refused = { type: 'Refused', operation: 'authorise', code }
    expect(await order.authorise()).toEqual(refused)
    expect(await order.authorise({ attempt: 2 })).toEqual(refused)
    expect((await chargesOf(order.orderId))?.authorised ?? 0).toBe(0)
  })

  test('lets go of a hold, and says gone as often as it is asked', async () => {
    const order = newOrder()
    const paymentId = await held(order)
    const gone = { type: 'Gone', paymentId, because: 'cancelled' }
    expect(await order.void(paymentId)).toEqual(gone)
    expect(await order.void(paymentId, { attempt: 2 })).toEqual(gone)
    expect(await order.capture(paymentId)).toEqual(gone)
  })

  test('finds that a hold to be let go has been captured', async () => {
    const order = newOrder()
    const paymentId = await held(order)
    await order.capture(paymentId)
    expect(await order.void(paymentId)).toMatchObject({ type: 'Captured', amountMinor: 1_200n })
  })

  test('charges once and refunds once, however often each is called', async () => {
    const order = newOrder()
    const words: GatewayWord[][] = [[], [], []]
    for (const attempt of [1, 1, 2, 3, 4]) words[0]?.push(await order.authorise({ attempt }))
    const paymentId = idOf(words[0]?.[0])
    for (const attempt of [1, 1, 2, 3, 4]) words[1]?.push(await order.capture(paymentId, { attempt }))
    const refund = { refundId: 'r1', amountMinor: 500n }
    for (const attempt of [1, 1, 2, 3, 4]) words[2]?.push(await order.refund(paymentId, refund, { attempt }))
    for (const same of words) expect(new Set(same.map((word) => JSON.stringify(word, text))).size).toBe(1)
    expect(await chargesOf(order.orderId)).toEqual({ authorised: 1, captured: 1, refunded: 1, netMinor: 700 })
  })

  test('tells a repeated authorise what has become of the hold since', async () => {
    const order = newOrder()
    const paymentId = await held(order)
    await order.capture(paymentId)
    expect(await order.authorise({ attempt: 2 })).toMatchObject({ type: 'Captured', paymentId })
  })

  test('finds its own refund when nothing is left for it, although the key is forgotten', async () => {
    const order = newOrder()
    const paymentId = await held(order)
    await order.capture(paymentId)
    const all = { refundId: 'release', amountMinor: 1_200n }
    await order.refund(paymentId, all)
    const word = await order.refund(paymentId, all, { idempotencyKey: `${order.orderId}/forgotten` })
    expect(word).toEqual({ type: 'RefundSucceeded', ...all })
  })

  test('refuses a refund of more than there is', async () => {
    const order = newOrder()
    const paymentId = await held(order)
    await order.capture(paymentId)
    const refund = { refundId: 'r1', amountMinor: 1_201n }
    expect(await order.refund(paymentId, refund)).toMatchObject({ type: 'RefundFailed', refundId: 'r1' })
  })

  test('gives up on another request under its key, and on an intent that does not exist', async () => {
    const order = newOrder()
    const paymentId = await held(order)
    const key = { idempotencyKey: `${order.orderId}/authorise` }
    expect(await order.authorise({ ...key, amountMinor: 5n })).toMatchObject({
      type: 'GaveUp',
      operation: 'authorise',
      reason: 'idempotency_mismatch',
    })
    expect(await order.capture('pi_none')).toEqual({ type: 'GaveUp', operation: 'capture', reason: 'not_found' })
    const refund = { refundId: 'r1', amountMinor: 1n }
    expect(await order.refund('pi_none', refund)).toMatchObject({ type: 'GaveUp', operation: 'refund', refundId: 'r1' })
    expect(await order.void(paymentId)).toMatchObject({ type: 'Gone' })
  })

  test('has performed nothing when its API key is wrong', async () => {
    const order = newOrder('pm_card_visa', { apiKey: 'sk_test_wrong' })
    await expect(order.authorise()).rejects.toBeInstanceOf(NotPerformed)
    await expect(order.capture('pi_1')).rejects.toBeInstanceOf(NotPerformed)
    await expect(order.void('pi_1', { attempt: 2 })).rejects.toBeInstanceOf(NotPerformed)
    await expect(order.refund('pi_1', { refundId: 'r1', amountMinor: 1n })).rejects.toBeInstanceOf(NotPerformed)
  })

  test('does not know the outcome when the gateway cannot be reached', async () => {
    const [nobodys = 0] = await freePorts(1)
    const order = newOrder('pm_card_visa', { url: `http://127.0.0.1:${nobodys}` })
    await expect(order.authorise()).rejects.not.toBeInstanceOf(NotPerformed)
  })

  test('does not know the outcome when the gateway does not answer in time', async () => {
    const order = newOrder('pm_card_visa', { url: `http://127.0.0.1:${await silentPort()}`, requestTimeoutMs: 100 })
    await expect(order.authorise()).rejects.toThrow('timeout')
    await expect(order.capture('pi_1')).rejects.not.toBeInstanceOf(NotPerformed)
  })

  test('sends once when the connection is closed: what a second sending is told would prove nothing', async () => {
    let connections = 0
    const rude = createServer((socket) => {
      connections += 1
      socket.once('data', () => socket.resetAndDestroy())
    })
    const port = await portOf(rude.listen(0, '127.0.0.1').unref())
    const order = newOrder('pm_card_visa', { url: `http://127.0.0.1:${port}` })
    await expect(order.authorise()).rejects.not.toBeInstanceOf(NotPerformed)
    expect(connections).toBe(1)
  })

  test('sends nothing more once its call is over', async () => {
    const order = newOrder()
    await expect(order.authorise({ signal: AbortSignal.abort() })).rejects.toThrow('aborted')
    expect(await chargesOf(order.orderId)).toBeUndefined()
  })
})

type How = Partial<EffectCall> & { readonly amountMinor?: bigint }

function newOrder(paymentMethod = 'pm_card_visa', options: Partial<Parameters<typeof stripeGateway>[0]> = {}) {
  const gateway = stripeGateway({ url, apiKey, requestTimeoutMs: 5_000, ...options })
  const orderId = randomUUID()
  const about = { orderId, merchantId, currency: 'EUR', amountMinor: 1_200n }
  const call = (name: string, how: How) => effectCall({ idempotencyKey: `${orderId}/${name}`, ...how })
  return {
    orderId,
    authorise: ({ amountMinor = 1_200n, ...how }: How = {}) =>
      gateway.authorise({ type: 'Authorise', ...about, amountMinor, paymentMethod }, call('authorise', how)),
    capture: (paymentId: string, how: How = {}) =>
      gateway.capture({ type: 'Capture', ...about, paymentId }, call('capture', how)),
    void: (paymentId: string, how: How = {}) =>
      gateway.void({ type: 'Void', orderId, merchantId, paymentId }, call('void', how)),
    refund: (paymentId: string, refund: { refundId: string; amountMinor: bigint }, how: How = {}) =>
      gateway.refund({ type: 'Refund', ...about, ...refund, paymentId }, call(`refund/${refund.refundId}`, how)),
  }
}

const held = async (order: ReturnType<typeof newOrder>): Promise<string> => idOf(await order.authorise())

function idOf(word: GatewayWord | undefined): string {
  if (word?.type !== 'Held') throw new Error(`Not held but ${word?.type}`)
  return word.paymentId
}

const tally = z.object({ count: z.int() }).transform(({ count }) => count)
const charges = z.object({ authorised: tally, captured: tally, refunded: tally, netMinor: z.int() })

/** What the simulator's own record says; nothing where it has never heard of the order. */
async function chargesOf(orderId: string): Promise<z.output<typeof charges> | undefined> {
  const response = await fetch(`${url}/simulator/charges?orderId=${orderId}`)
  return z.object({ orders: z.array(charges) }).parse(await response.json()).orders[0]
}

/** Takes connections and never says a word. It holds nothing open, so it ends with the process. */
const silentPort = (): Promise<number> => portOf(createServer().listen(0, '127.0.0.1').unref())

const text = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
