import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { kafkaClient, withAdmin } from '../../../infra/kafka/client.ts'
import { parseExposition, type Sample, sumOf } from '../../support/exposition.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import { anOrder, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(30_000), interval: 100 }
const services = ['order', 'payment', 'notification'] as const
type Labels = Readonly<Record<string, string>>

const scrape = async (port: number): Promise<readonly Sample[]> => {
  const response = await fetch(shop.url(port, '/metrics'))
  expect(response.headers.get('content-type')).toContain('text/plain')
  return parseExposition(await response.text())
}

/** One order, and everything that is to come of it. */
async function placeAndWait(headers: Labels = {}): Promise<string> {
  const response = await fetch(shop.url(shop.ports.order, '/orders'), {
    method: 'POST',
    headers: { ...shop.headers, 'idempotency-key': randomUUID(), ...headers },
    body: JSON.stringify(anOrder),
  })
  const { id } = z.object({ id: z.string() }).parse(await response.json())
  await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
  await expect.poll(async () => (await shop.mails(id)).length, within).toBe(1)
  return id
}

describe('one order moves what every service counts', () => {
  const moved: readonly (readonly [(typeof services)[number], string, Labels])[] = [
    ...services.flatMap((service) =>
      ['batch_messages', 'outbox_to_kafka_seconds', 'kafka_to_handled_seconds'].map(
        (name) => [service, `paysaga_${name}_count`, {}] as const,
      ),
    ),
    ['order', 'paysaga_handled_total', { type: 'PaymentAuthorized', outcome: 'applied' }],
    ['order', 'paysaga_handled_total', { type: 'PaymentCaptured', outcome: 'applied' }],
    ['order', 'paysaga_saga_seconds_count', { outcome: 'paid' }],
    ['order', 'paysaga_http_request_seconds_count', { method: 'POST', route: '/orders', status: '202' }],
    ['payment', 'paysaga_handled_total', { type: 'OrderPlaced', outcome: 'applied' }],
    ['payment', 'paysaga_handled_total', { type: 'Held', outcome: 'applied' }],
    ['payment', 'paysaga_effect_call_seconds_count', { kind: 'Authorise', outcome: 'answered' }],
    ['payment', 'paysaga_effect_call_seconds_count', { kind: 'Capture', outcome: 'answered' }],
    ['notification', 'paysaga_handled_total', { type: 'OrderConfirmed', outcome: 'applied' }],
    ['notification', 'paysaga_effect_call_seconds_count', { kind: 'SendMail', outcome: 'answered' }],
  ]
  const looked = [
    'effects_due',
    'effect_oldest_seconds',
    'deadlines_due',
    'parked_keys',
    'pool_connections',
    'pool_waiting',
  ]

  it('by type, outcome and kind, and its delays, its batches and its duration', async () => {
    await placeAndWait()
    const before = await Promise.all(services.map((name) => scrape(shop.ports[name])))
    await placeAndWait()
    const stillUnmoved = async () => {
      const after = await Promise.all(services.map((name) => scrape(shop.ports[name])))
      return moved.filter(([service, name, labels]) => {
        const at = services.indexOf(service)
        return !((sumOf(after[at] ?? [], name, labels) ?? 0) > (sumOf(before[at] ?? [], name, labels) ?? 0))
      })
    }
    await expect.poll(stillUnmoved, within).toEqual([])
  })

  it.each(services)('and %s tells its backlog, its pool and its lag, and loses no look-up', async (service) => {
    await placeAndWait()
    const samples = await scrape(shop.ports[service])
    expect(looked.filter((name) => sumOf(samples, `paysaga_${name}`) === undefined)).toEqual([])
    expect(sumOf(samples, 'paysaga_pool_connections', { state: 'open' })).toBeGreaterThan(0)
    expect(sumOf(samples, 'paysaga_scrape_failures_total')).toBe(0)
    expect(sumOf(samples, 'process_cpu_seconds_total')).toBeGreaterThan(0)
    const lag = async () => sumOf(await scrape(shop.ports[service]), 'paysaga_consumer_lag_messages')
    await expect.poll(lag, within).toBe(0)
  })

  it('and the order service tells which orders are open', async () => {
    const samples = await scrape(shop.ports.order)
    for (const status of ['pending', 'confirmed']) {
      expect(sumOf(samples, 'paysaga_orders_open', { status, age: 'under_1m' })).toBeDefined()
      expect(sumOf(samples, 'paysaga_order_open_oldest_seconds', { status })).toBeDefined()
    }
  })

  it('and the relay tells of its connector and of the days that the outbox has', async () => {
    const samples = await scrape(shop.ports.relay)
    expect(sumOf(samples, 'paysaga_connector_state', { state: 'running' })).toBe(1)
    expect(sumOf(samples, 'paysaga_connector_state')).toBe(1)
    // Two weeks ahead, and one day less between midnight and the relay's next look.
    expect(sumOf(samples, 'paysaga_outbox_partition_days')).toBeGreaterThanOrEqual(13)
  })

  it.each(['gateway', 'mailHttp'] as const)('and the stand-in %s tells of its process', async (name) => {
    expect(sumOf(await scrape(shop.ports[name]), 'process_resident_memory_bytes')).toBeGreaterThan(0)
  })

  it('without a metric that names an order', async () => {
    const id = await placeAndWait()
    for (const name of services) {
      expect(await (await fetch(shop.url(shop.ports[name], '/metrics'))).text()).not.toContain(id)
    }
  })
})

it('the traceparent of a POST stands in the Kafka header of every event of that order, calls in between or not', async () => {
  const traceparent = `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
  const id = await placeAndWait({ traceparent })
  const traces = await tracesOf(id)
  const wanted = [
    'NotificationSent',
    'OrderConfirmed',
    'OrderPaid',
    'OrderPlaced',
    'PaymentAuthorized',
    'PaymentCaptured',
  ]
  await expect.poll(() => [...traces.byType.keys()].toSorted(), within).toEqual(wanted)
  expect(new Set(traces.byType.values())).toEqual(new Set([traceparent]))
  await traces.stop()
})

/** A plain reader of all topics from their beginning: the trace of each event of one order, by type. */
async function tracesOf(orderId: string) {
  const kafka = kafkaClient(shop.stack.endpoints.brokers)
  const groupId = `traces-${randomUUID()}`
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: scaledMs(6_000),
    heartbeatInterval: 2_000,
    maxWaitTimeInMs: 100,
  })
  const byType = new Map<string, string>()
  await consumer.connect()
  await consumer.subscribe({ topics: services.map((name) => `${name}.events`), fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ message: { key, headers } }) => {
      if (String(key) === orderId) byType.set(String(headers?.['ce_type']), String(headers?.['traceparent']))
      return Promise.resolve()
    },
  })
  return {
    byType,
    stop: async () => {
      await consumer.disconnect()
      await withAdmin(kafka, (admin) => admin.deleteGroups([groupId]))
    },
  }
}
