import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest'
import type { ServiceName } from '../../../infra/index.ts'
import { versionsAreContiguous } from '../../chaos/invariants.ts'
import { readTopics } from '../../support/kafka/topic-reader.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import { type Committed, committed, ordersByMark } from '../../support/system/committed.ts'
import { type Flow, startFlow } from '../../support/system/flow.ts'
import { openShop } from '../../support/system/shop.ts'

const shop = openShop()
const { stack, services } = shop
/** How long the last order may take after the killed process was started again. */
const backWithinMs = limitMs(60_000)
const timeout = backWithinMs + 60_000
const looks = { timeout: limitMs(30_000), interval: 10 }

type Settings = Readonly<Record<string, string>>
const settings: Readonly<Partial<Record<ServiceName, Settings>>> = {
  // It answers so long after it has done what it was asked: a kill finds calls done and not answered.
  'gateway-simulator': { GATEWAY_LATENCY_MS: '100' },
  // A call that a crash interrupts is taken up after twice this and five seconds; after 21 s by default.
  payment: { GATEWAY_TIMEOUT_MS: `${scaledMs(1_000)}` },
  // A mail after this and ten seconds; after 40 s by default.
  notification: { SMTP_TIMEOUT_MS: `${scaledMs(1_000)}` },
}
const topics = ['order.events', 'payment.events', 'notification.events']

/** Every order of these tests. What they have in common is judged once, at the end. */
const survivors: string[] = []

beforeAll(() => restart(settings))
afterAll(() => restart({}))
async function restart(under: typeof settings) {
  for (const name of ['notification', 'payment', 'gateway-simulator'] as const) {
    await services.stop(name)
    await services.start(name, under[name])
  }
}

const service = (name: 'notification' | 'order' | 'payment' | 'relay') => ({
  kill: () => services.kill(name, 'SIGKILL'),
  start: () => services.start(name, settings[name]),
})
const component = (name: 'connect' | 'kafka' | 'postgres') => ({
  kill: () => stack.kill(name, 'SIGKILL'),
  start: () => stack.start(name),
})
const payment = service('payment')
const victims = [
  // First, for a mail that the crash interrupts waits for its lease, and meanwhile the others are killed.
  ['notification', service('notification')],
  ['order', service('order')],
  ['payment', payment],
  ['relay', service('relay')],
  ['connect', component('connect')],
  ['kafka', component('kafka')],
  ['postgres', component('postgres')],
] as const

describe('SIGKILL in mid-flow', () => {
  // A victim that did not come back must not fail the others' tests.
  afterEach(async () => {
    for (const [, victim] of victims.toReversed()) await victim.start()
  })

  it.for(victims)(
    'of %s: after its restart every order is paid by one charge',
    { timeout },
    async ([, victim], context) => {
      const flow = startFlow(shop, { orders: 40, overMs: 1_000 })
      await flow.midway()
      const beforeKill = new Date()
      await victim.kill()
      const times = { beforeKill, afterKill: new Date(), restart: new Date(), ready: new Date() }
      await victim.start()
      times.ready = new Date()
      await expectEveryOrderPaidOnce(flow)
      await expectMidFlow(flow, times, context)
    },
  )

  it('of payment, five times, barely alive or at work: every order is paid by one charge', {
    timeout,
  }, async (context) => {
    const flow = startFlow(shop, { orders: 60, overMs: 6_000 })
    await flow.midway()
    const times = { beforeKill: new Date(), afterKill: new Date(), restart: new Date(), ready: new Date() }
    await payment.kill()
    for (const path of ['/healthz', '/readyz', '/healthz', '/readyz']) {
      // It fails when the kill comes before it is ready.
      const started = payment.start().catch(() => undefined)
      await vi.waitUntil(() => answers(path), looks)
      await payment.kill()
      await started
    }
    times.restart = new Date()
    await payment.start()
    times.ready = new Date()
    await expectEveryOrderPaidOnce(flow)
    await expectMidFlow(flow, times, context)
  })
})

describe('after all these crashes', () => {
  it('every customer was written to, under one Message-ID', { timeout }, async () => {
    expect(survivors.length).toBeGreaterThan(0)
    const unwritten = async () => {
      const mails = await Promise.all(survivors.map((id) => shop.mails(id)))
      return survivors.filter((_id, index) => mails[index]?.length === 0)
    }
    await vi.waitFor(async () => expect(await unwritten()).toEqual([]), { timeout: backWithinMs, interval: 200 })
    for (const id of survivors) {
      const ids = (await shop.mails(id)).map(({ messageId }) => messageId)
      expect([id, new Set(ids).size]).toEqual([id, 1])
    }
  })

  it('what was committed is on Kafka, all of it and nothing else, and in order', { timeout }, async () => {
    await vi.waitFor(
      async () => {
        const messages = await readTopics(stack.endpoints.brokers, topics)
        const sent = new Set(messages.map(({ id }) => id))
        const said = new Set((await committed(shop)).map(({ id }) => id))
        expect([...said].filter((id) => !sent.has(id))).toEqual([])
        expect([...sent].filter((id) => !said.has(id))).toEqual([])
        expect(versionsAreContiguous({ messages })).toEqual([])
      },
      { timeout: backWithinMs, interval: 500 },
    )
  })
})

const answers = (path: string) =>
  fetch(shop.url(shop.ports.payment, path)).then(
    ({ ok }) => ok,
    () => false,
  )

async function expectEveryOrderPaidOnce(flow: Flow): Promise<void> {
  const unknown = await flow.sent()
  const known = await ordersByMark(shop, flow.marks())
  // An order of which nobody knows exists once or not at all, and by the same request again it exists.
  expect([...known.values()].filter((count) => count !== 1)).toEqual([])
  await flow.resend(unknown)
  await flow.all('paid', { timeout: backWithinMs })
  const exists = await ordersByMark(shop, flow.marks())
  expect(flow.marks().map((mark) => exists.get(mark))).toEqual(flow.marks().map(() => 1))
  const ids = flow.acknowledged()
  survivors.push(...ids)
  expect(new Set(ids).size).toBe(flow.marks().length)
  for (const id of ids) {
    const once = { count: 1, amountMinor: 2_580 }
    const never = { count: 0 }
    expect(await shop.charges(id)).toMatchObject([
      { orderId: id, authorised: once, captured: once, voided: never, refunded: never, netMinor: 2_580 },
    ])
  }
}

interface Times {
  readonly beforeKill: Date
  readonly afterKill: Date
  readonly restart: Date
  readonly ready: Date
}

/** The kill was in mid-flow, else it proves nothing; and how long it took to be back. */
async function expectMidFlow(flow: Flow, times: Times, { annotate }: TestContext): Promise<void> {
  const ids = new Set(flow.acknowledged())
  const said = (await committed(shop)).filter(({ key }) => ids.has(key))
  const { beforeKill, afterKill, restart, ready } = times
  const moved = said.filter(({ type, at }) => type !== 'OrderPlaced' && at < beforeKill)
  const placed = new Set(said.filter(({ type, at }) => type === 'OrderPlaced' && at < beforeKill).map(({ key }) => key))
  const paid = said.filter(({ type }) => type === 'OrderPaid')
  const underWay = paid.filter(({ key, at }) => placed.has(key) && at > afterKill)
  expect(moved.length).toBeGreaterThan(0)
  expect(underWay.length).toBeGreaterThan(0)
  const seconds = (from: Date, to: Date | undefined) =>
    `${(((to?.getTime() ?? Number.NaN) - from.getTime()) / 1_000).toFixed(1)} s`
  await annotate(
    `at the kill ${placed.size} of ${ids.size} were placed and ${underWay.length} of these under way; ` +
      `ready ${seconds(restart, ready)} after the restart, the last order paid ${seconds(restart, latest(paid))}`,
  )
}

const latest = (said: readonly Committed[]): Date | undefined => said.at(-1)?.at
