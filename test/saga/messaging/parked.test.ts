import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { kafkaClient } from '../../../infra/kafka/client.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import { anOrder, anOrderOver, openShop, type ShopOrder } from '../../support/system/shop.ts'

const within = { timeout: limitMs(20_000), interval: 100 }
const parked = z.object({
  keys: z.array(z.object({ key: z.string(), cause: z.string(), state: z.string(), messages: z.int() })),
  unplaceable: z.int(),
})

interface Asked {
  readonly body?: object
  readonly key?: string
  readonly of?: 'parked' | 'effects'
}

describe('messages that nobody can handle, while orders flow', () => {
  const shop = openShop()
  const producer = kafkaClient(shop.stack.endpoints.brokers).producer({ allowAutoTopicCreation: false })
  beforeAll(() => producer.connect())
  afterAll(() => producer.disconnect())

  const operate = async (port: number, path: string, { body, key = 'sk_ops_paysaga', of = 'parked' }: Asked = {}) => {
    const response = await fetch(shop.url(port, `/ops/${of}${path}`), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
  const parkedAt = async (port: number) => parked.parse((await operate(port, '?limit=1000')).body)
  // A type that only these two services hear: whoever reads the topic from its beginning in another test is spared.
  const headersOf = (version: number, type = 'OrderConfirmed') => ({
    ce_id: randomUUID(),
    ce_type: type,
    ce_aggregateversion: String(version),
    traceparent: '',
  })
  const send = (key: string | null, value: string | Buffer | null, headers: Record<string, string> = headersOf(1)) =>
    producer.send({ topic: 'order.events', acks: -1, messages: [{ key, value, headers }] })

  it('are set aside in each service that hears them, and every order is paid', {
    timeout: limitMs(60_000),
  }, async () => {
    const before = (await parkedAt(shop.ports.payment)).unplaceable
    const poison = [
      '{',
      'null',
      '[]',
      '{"orderId": 7}',
      null,
      Buffer.from([0xff, 0xfe, 0x00]),
      '{"__proto__": {"status": "paid"}}',
      `${'['.repeat(100_000)}`,
      `"${'x'.repeat(900_000)}"`,
    ]
    const keys = poison.map(() => randomUUID())
    const placing: Promise<ShopOrder>[] = []
    for (const [index, value] of poison.entries()) {
      await send(keys[index] ?? null, value)
      const order = await shop.place(anOrder)
      placing.push(Promise.resolve(order))
      // Each is parked, and others are handled, before the next one comes: many in a row that fail alike are a bad deploy,
      // and stop the partition.
      await expect.poll(async () => (await shop.get(order.id)).status, within).toBe('paid')
      for (const port of [shop.ports.payment, shop.ports.notification]) {
        await expect.poll(async () => (await parkedAt(port)).keys.map(({ key }) => key), within).toContain(keys[index])
      }
    }
    await send(null, '{}')
    await send(randomUUID(), '{}', { ce_type: 'OrderPlaced' })
    const orders = await Promise.all(placing)
    for (const { id } of orders) {
      await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
    }
    for (const port of [shop.ports.payment, shop.ports.notification]) {
      await expect
        .poll(async () => (await parkedAt(port)).keys.map(({ key }) => key).toSorted(), within)
        .toEqual(keys.toSorted())
    }
    // Nothing above waits for the last two messages.
    await expect.poll(async () => (await parkedAt(shop.ports.payment)).unplaceable, within).toBe(before + 2)
    const ready = await fetch(shop.url(shop.ports.payment, '/readyz'))
    expect(ready.status).toBe(200)

    // And an operator gives them up, with the reason kept.
    const asked = { cause: 'undecodable', reason: 'planted by a test' }
    const payment = await operate(shop.ports.payment, '/discard', { body: asked })
    expect(payment).toMatchObject({ status: 200 })
    expect(await operate(shop.ports.notification, '/discard', { body: asked })).toMatchObject({ status: 200 })
    expect((await parkedAt(shop.ports.payment)).keys).toEqual([])
    expect((await parkedAt(shop.ports.notification)).keys).toEqual([])
  })

  it('lie beside the calls that are under way, which an operator sees as well', async () => {
    const amount = 77_101
    await shop.misbehave([{ match: { operation: 'confirm', amount }, do: { delayMs: scaledMs(3_000) }, times: 1 }])
    const { id } = await shop.place(anOrderOver(amount))
    const effects = async () => (await operate(shop.ports.payment, `?key=${id}`, { of: 'effects' })).body
    await expect.poll(effects, within).toMatchObject({ effects: [{ key: id, kind: 'Authorise', state: 'calling' }] })
    await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
    expect(await effects()).toEqual({ effects: [] })
    await shop.behave()
  })

  it('are nobody’s business without a key of an operator', async () => {
    const { ports } = shop
    expect(await operate(ports.order, '', { key: 'sk_test_paysaga' })).toMatchObject({ status: 401 })
    expect(await operate(ports.payment, '/redrive', { body: { reason: 'x' }, key: 'wrong' })).toMatchObject({
      status: 401,
    })
    expect(await operate(ports.payment, '/discard', { body: { reason: 'all of it' } })).toMatchObject({ status: 400 })
    expect(await operate(ports.payment, '/redrive', { body: {} })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'reason' }] },
    })
    expect(await operate(ports.payment, '/discard', { body: { reason: 'x', sate: 'dead' } })).toMatchObject({
      status: 400,
    })
    expect(await operate(ports.order, '?cause=unheard-of')).toMatchObject({ status: 400 })
  })
})
