import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { z } from 'zod'
import { kafkaClient } from '../../../infra/kafka/client.ts'
import type { Shop } from '../../support/system/shop.ts'
import type { Struck, World } from '../round.ts'
import { eventually } from './eventually.ts'
import { secondOf } from './participants.ts'

const parkedBody = z.object({
  keys: z.array(z.object({ key: z.string(), cause: z.string(), state: z.string() })),
  unplaceable: z.int(),
})
const redriven = z.object({ keys: z.array(z.string()) })

async function operate(url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: 'Bearer sk_ops_paysaga', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return await response.json()
}

const parkedAt = async (shop: Shop, port: number) =>
  parkedBody.parse(await operate(shop.url(port, '/ops/parked?limit=1000')))

/** Values that no order event has, each under a key of its own. */
const poison: readonly (string | Buffer | null)[] = [
  '{',
  'null',
  '[]',
  '{"orderId": 7}',
  null,
  Buffer.from([0xff, 0xfe, 0x00]),
  '{"__proto__": {"status": "paid"}}',
  '['.repeat(100_000),
  `"${'x'.repeat(900_000)}"`,
]

/** Poison of every kind in the topic that payment and notification hear; an operator gives it up. */
export const poisoned = async ({ shop, load }: World): Promise<Struck> => {
  const producer = kafkaClient(shop.stack.endpoints.brokers).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const send = (key: string | null, value: string | Buffer | null, headers: Record<string, string>) =>
    producer.send({ topic: 'order.events', acks: -1, messages: [{ key, value, headers }] })
  const headersOf = (type: string) => ({
    ce_id: randomUUID(),
    ce_type: type,
    ce_aggregateversion: '1',
    traceparent: '',
  })
  const consumers = [shop.ports.payment, shop.ports.notification]
  const planted = poison.map(() => randomUUID())
  try {
    for (const [index, value] of poison.entries()) {
      await send(planted[index] ?? null, value, headersOf('OrderConfirmed'))
      // Each among others: many in a row that fail alike are a bad deploy, and stop the partition.
      await load.more(5)
    }
    await send(null, '{}', headersOf('OrderPlaced'))
    await load.more(5)
    await send(randomUUID(), '{}', { ce_type: 'OrderPlaced' })
  } finally {
    await producer.disconnect()
  }
  for (const port of consumers) {
    await eventually(async () => {
      const { keys } = await parkedAt(shop, port)
      return planted.every((key) => keys.some((one) => one.key === key)) && keys.length === planted.length
    })
  }
  const { unplaceable } = await parkedAt(shop, shop.ports.payment)
  if (unplaceable < 2) throw new Error(`${unplaceable} messages without a key or a version were kept`)
  for (const port of consumers) {
    await operate(shop.url(port, '/ops/parked/discard'), { cause: 'undecodable', reason: 'planted' })
    await eventually(async () => (await parkedAt(shop, port)).keys.length === 0)
  }
  return {
    how: `${planted.length} poisoned keys and ${unplaceable} messages of nobody, given up`,
    healedAt: Date.now(),
  }
}

/** The payments' table refuses some orders for a while; two operators redrive them at once, at two processes. */
export const redrivenTwice = async ({ shop, load }: World): Promise<Struck> => {
  const second = await secondOf(shop)
  const admin = new pg.Client({
    connectionString: shop.stack.endpoints.databaseUrl('postgres', shop.databases.payment_service),
  })
  await admin.connect()
  await second.services.start('payment')
  const ports = [shop.ports.payment, second.paymentPort]
  try {
    // By chance one in eight: more in a row would be a bad deploy.
    await admin.query(
      `alter table payment_service.payments add constraint chaos check (right(id::text, 1) not in ('0', '8')) not valid`,
    )
    await load.more(60)
    await eventually(async () => (await parkedAt(shop, shop.ports.payment)).keys.length >= 3)
    const parked = (await parkedAt(shop, shop.ports.payment)).keys
    await admin.query('alter table payment_service.payments drop constraint chaos')
    const asked = { cause: 'content', reason: 'the constraint is gone', limit: 1000 }
    const answers = await Promise.all(
      [...ports, ...ports].map((port) => operate(shop.url(port, '/ops/parked/redrive'), asked)),
    )
    const named = answers.map((answer) => redriven.parse(answer).keys.length)
    if (Math.max(...named) === 0) throw new Error('nothing was redriven')
    const healedAt = Date.now()
    await eventually(async () => (await parkedAt(shop, shop.ports.payment)).keys.length === 0)
    return { how: `${parked.length} keys parked, redriven four times at once (${named.join(', ')} named)`, healedAt }
  } finally {
    await admin.query('alter table payment_service.payments drop constraint if exists chaos')
    await admin.end()
    await second.services.stop('payment')
  }
}
