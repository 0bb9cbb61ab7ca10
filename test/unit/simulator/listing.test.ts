import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { limitMs } from '../../support/limits.ts'
import { failureOf, payment, startSimulator } from './in-process.ts'

let simulator: Awaited<ReturnType<typeof startSimulator>>
let intents: string[]

beforeAll(async () => {
  simulator = await startSimulator()
  intents = []
  for (const orderId of ['o1', 'o2', 'o3', 'o4', 'o5']) {
    const { id } = await simulator.stripe.paymentIntents.create(payment(orderId, { capture_method: 'automatic' }))
    await simulator.stripe.refunds.create({ payment_intent: id, amount: 100 })
    intents.push(id)
  }
})
afterAll(() => simulator[Symbol.asyncDispose]())

const idsOf = ({ data }: { data: readonly { id: string }[] }) => data.map(({ id }) => id)

test('lists intents newest first, page by page', async () => {
  const { stripe } = simulator
  const first = await stripe.paymentIntents.list({ limit: 2 })
  expect([idsOf(first), first.has_more]).toEqual([[intents[4], intents[3]], true])
  const second = await stripe.paymentIntents.list({ limit: 3, starting_after: intents[3] ?? '' })
  expect([idsOf(second), second.has_more]).toEqual([[intents[2], intents[1], intents[0]], false])
  const all = await stripe.paymentIntents.list({ limit: 2 }).autoPagingToArray({ limit: 100 })
  expect(all.map(({ id }) => id)).toEqual(intents.toReversed())
})

test('shows the charge of each when asked to', async () => {
  const { data } = await simulator.stripe.paymentIntents.list({ limit: 1, expand: ['data.latest_charge'] })
  expect(data).toMatchObject([{ latest_charge: { object: 'charge', amount_refunded: 100 } }])
})

test('lists what was created within bounds', async () => {
  const { stripe } = simulator
  const now = Math.floor(Date.now() / 1000)
  const count = async (created: { gte?: number; gt?: number; lt?: number }) =>
    (await stripe.paymentIntents.list({ created })).data.length
  expect([await count({ gte: now - 60 }), await count({ gt: now + 60 }), await count({ lt: now - 60 })]).toEqual([
    5, 0, 0,
  ])
})

test('finds intents by metadata and state, page by page', async () => {
  const { stripe } = simulator
  const ofOrder = (orderId: string, more = '') =>
    stripe.paymentIntents.search({ query: `metadata['orderId']:'${orderId}'${more}`, expand: ['data.latest_charge'] })
  expect(await ofOrder('o2')).toMatchObject({
    data: [{ id: intents[1], latest_charge: { paid: true } }],
    next_page: null,
  })
  expect(idsOf(await ofOrder('o2', ' AND status:"succeeded"'))).toEqual([intents[1]])
  expect([idsOf(await ofOrder('o2', " AND status:'canceled'")), idsOf(await ofOrder('o-none'))]).toEqual([[], []])
  const all = stripe.paymentIntents.search({ query: "currency:'eur' AND status:'succeeded'", limit: 2 })
  expect(await all).toMatchObject({ object: 'search_result', has_more: true })
  expect((await all.autoPagingToArray({ limit: 100 })).map(({ id }) => id)).toEqual(intents.toReversed())
})

test.each(['', 'amount>100', "status:'succeeded' OR currency:'eur'", "metadata['a']:'b' nonsense"])(
  'does not pretend to understand the query %o',
  async (query) => {
    expect(await failureOf(simulator.stripe.paymentIntents.search({ query }))).toMatchObject({ statusCode: 400 })
  },
)

test('lists the refunds of all and of one intent', async () => {
  const { stripe } = simulator
  const [newest, ...others] = await stripe.refunds.list({ limit: 2 }).autoPagingToArray({ limit: 100 })
  expect([newest?.payment_intent, others.length]).toEqual([intents[4], 4])
  const own = await stripe.refunds.list({ payment_intent: intents[1] ?? '', limit: 1 })
  expect([own.data.map(({ payment_intent }) => payment_intent), own.has_more]).toEqual([[intents[1]], false])
})

test('lists events newest first, by type and page by page', async () => {
  const { stripe } = simulator
  const all = await stripe.events.list({ limit: 3 }).autoPagingToArray({ limit: 100 })
  expect(all.slice(0, 4).map(({ type }) => type)).toEqual([
    'charge.refunded',
    'refund.created',
    'payment_intent.succeeded',
    'payment_intent.created',
  ])
  expect(all).toHaveLength(20)
  const { data } = await stripe.events.list({ type: 'payment_intent.succeeded' })
  expect(data.map((event) => 'id' in event.data.object && event.data.object.id)).toEqual(intents.toReversed())
  const [two] = await stripe.events.list({ types: ['refund.failed', 'refund.created'], limit: 1 }).autoPagingToArray({
    limit: 1,
  })
  expect(two).toMatchObject({ type: 'refund.created', object: 'event', livemode: false })
  expect(await stripe.events.retrieve(two?.id ?? '')).toMatchObject({ id: two?.id, data: two?.data })
})

test('an event shows its object as it was then, and by which key', async () => {
  const { stripe } = simulator
  const { id } = await stripe.paymentIntents.create(payment('o-then'), { idempotencyKey: 'then' })
  await stripe.paymentIntents.cancel(id)
  const about = (await stripe.events.list({ limit: 3 })).data
  expect(about).toMatchObject([
    { type: 'payment_intent.canceled', data: { object: { id, status: 'canceled' } } },
    { type: 'payment_intent.amount_capturable_updated', data: { object: { id, amount_capturable: 1200 } } },
    { type: 'payment_intent.created', data: { object: { id, status: 'requires_confirmation', latest_charge: null } } },
  ])
  expect(about[1]?.request).toEqual({ id: null, idempotency_key: 'then' })
})

test.each([
  ['an intent to start after', 'payment_intents?starting_after=pi_none', 'starting_after'],
  ['an event to start after', 'events?starting_after=evt_none', 'starting_after'],
  ['a page that is too long', 'payment_intents?limit=101', 'limit'],
  ['a bound that is no time', 'payment_intents?created[gte]=yesterday', 'created[gte]'],
  ['what cannot be filtered by', 'payment_intents?customer=cus_1', 'customer'],
])('refuses %s by name', async (_what, path, param) => {
  const response = await fetch(`${simulator.url}/v1/${path}`, { headers: { authorization: 'Bearer sk' } })
  expect([response.status, await response.json()]).toMatchObject([400, { error: { param } }])
})

test('knows no event that never was', async () => {
  expect(await failureOf(simulator.stripe.events.retrieve('evt_none'))).toMatchObject({ statusCode: 404, param: 'id' })
})

test('a hold that lapses is an event as well', async () => {
  await using short = await startSimulator({ holdSeconds: 1 })
  const { id } = await short.stripe.paymentIntents.create(payment('o-lapse'))
  const newest = async () => (await short.stripe.events.list({ limit: 1 })).data
  await vi.waitFor(
    async () =>
      expect(await newest()).toMatchObject([
        { type: 'payment_intent.canceled', data: { object: { id, cancellation_reason: 'expired' } } },
      ]),
    { timeout: limitMs(5_000) },
  )
  expect(await failureOf(short.stripe.paymentIntents.capture(id))).toMatchObject({ code: 'charge_expired_for_capture' })
})
