import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { fingerprintOf } from '../../../apps/order/idempotency.ts'
import { placeOrderBody, totalOf } from '../../../apps/order/schemas.ts'
import type { KafkaMessage } from '../../../apps/shared/messaging/message/kafka-message.ts'
import type { ServiceSchema } from '../../../db/migrate.ts'
import type { OrderBody } from '../../load/orders.ts'
import { type Plan, planOf, type Recording } from './plan.ts'
import type { Recorder } from './recorder.ts'
import { openRecordedServices, type RecordedServices } from './services.ts'

const merchantId = '0190a000-0000-7000-8000-000000000001'
/** As a service makes it for a request that came without. */
const traceparent = '00-6b3e5f0a4c1d4e2f9a8b7c6d5e4f3a2b-9c8d7e6f5a4b3c2d-01'

const settlePollMs = 2
const settleTimeoutMs = 5_000

export interface RecordOptions {
  /** A superuser's, in the database where the orders are made. Nothing that it does is recorded. */
  readonly admin: Client
  readonly urlOf: (role: ServiceSchema) => string
}

/**
 * Takes one order after the other through the real code, from its placing to the sent mail, one message at a time, and
 * returns what PostgreSQL was told for each. Two orders are made of each body.
 * @throws Error when anything went another way than the happy one
 */
export async function recordPlans(options: RecordOptions, bodies: readonly OrderBody[]): Promise<readonly Plan[]> {
  const recorder: Recorder = { transactions: [], complaints: [] }
  await using services = openRecordedServices(recorder, options.urlOf)
  const plans: Plan[] = []
  for (const body of bodies) {
    const recording = await recordOne(options, { recorder, services }, body)
    plans.push(planOf(recording, await recordOne(options, { recorder, services }, body)))
  }
  if (recorder.complaints.length > 0) throw new Error(`The recording is spoilt: ${recorder.complaints.join('; ')}`)
  return plans
}

interface Studio {
  readonly recorder: Recorder
  readonly services: RecordedServices
}

async function recordOne(
  { admin }: RecordOptions,
  { recorder, services }: Studio,
  body: OrderBody,
): Promise<Recording> {
  const { orderId, key, requestId } = await place(services, body)
  const names = new Map([
    ['order', orderId],
    ['key', key],
    ['request', requestId],
  ])
  const heard = new Map<ServiceSchema, number>()
  let progress = true
  while (progress) {
    progress = false
    for (const service of services.all) {
      const message = await messageAfter(admin, { ...service, orderId, version: heard.get(service.role) ?? 0 })
      if (message === undefined) continue
      progress = true
      heard.set(service.role, message.version)
      names.set(`event ${service.hears}/${message.version}`, message.id)
      await service.handle(message.content)
      await untilSettled(admin)
    }
  }
  return { names, transactions: recorder.transactions.splice(0) }
}

async function place({ commands }: RecordedServices, body: OrderBody) {
  const [key, requestId] = [randomUUID(), randomUUID()]
  const wanted = placeOrderBody.parse(body)
  const { orderId } = await commands.place(
    {
      merchantId,
      key,
      fingerprint: fingerprintOf({ method: 'POST', path: '/orders' }, body),
      cause: { id: requestId, traceparent },
    },
    { ...wanted, totalMinor: totalOf(wanted.items) },
  )
  return { orderId, key, requestId }
}

interface Wanted {
  readonly hears: ServiceSchema
  readonly orderId: string
  /** Of the last event that was heard. */
  readonly version: number
}

interface OutboxRow {
  readonly id: string
  readonly type: string
  readonly version: number
  readonly payload: string
  readonly traceparent: string
}

/** The next event of an order as the connector would place it. */
async function messageAfter(admin: Client, { hears, orderId, version }: Wanted) {
  const { rows } = await admin.query<OutboxRow>(
    `select id, type, aggregate_version as version, payload, traceparent
     from ${hears}.outbox where aggregateid = $1 and aggregate_version = $2`,
    [orderId, version + 1],
  )
  const [row] = rows
  if (row === undefined) return undefined
  const content: KafkaMessage = {
    partition: 0,
    offset: `${row.version}`,
    key: orderId,
    value: row.payload,
    headers: {
      ce_id: row.id,
      ce_type: row.type,
      ce_aggregateversion: `${row.version}`,
      traceparent: row.traceparent,
    },
  }
  return { id: row.id, version: row.version, content }
}

/** Until every call has been made and its outcome decided. */
async function untilSettled(admin: Client): Promise<void> {
  const deadline = performance.now() + settleTimeoutMs
  for (;;) {
    const { rows } = await admin.query<{ left: boolean }>(
      'select exists (table payment_service.effect union all table notification_service.effect) as left',
    )
    if (rows[0]?.left === false) return
    if (performance.now() > deadline) throw new Error(`Calls were not settled within ${settleTimeoutMs} ms`)
    await sleep(settlePollMs)
  }
}
