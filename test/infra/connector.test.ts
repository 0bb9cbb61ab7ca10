import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createTopics, openStack, type Stack } from '../../infra/index.ts'
import { limitMs, scaledMs } from '../support/limits.ts'
import { type Place, place } from '../support/system/place.ts'
import { consume } from './topic.ts'

const schemas = ['order', 'payment', 'notification'] as const
/** What JSON parsers change: nulls, empty lists, numbers beyond 53 bits, spaces, escapes, letters beyond ASCII. */
const payload = '{"none": null,"empty":[],  "big":12345678901234567890.10,"text":"żółć 🚀 \\u0041 \\"quoted\\""}'
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

describe('the outbox connector', () => {
  let here: Place
  let stack: Stack
  let database: pg.Client

  beforeAll(async () => {
    here = await place('connector')
    stack = openStack(here.options)
    await stack.start()
    await createTopics({ brokers: stack.endpoints.brokers, partitions: 2 })
    database = await connected(stack)
    await makeOutboxes(database)
  })

  afterAll(async () => {
    // Takes the connection with it.
    await here.leave(stack)
  })

  it('ships the outboxes of all schemas word for word, also rows that are older than its slot', async () => {
    for (const schema of schemas) await say(database, { schema, id: 'before' })
    await register(stack)
    await vi.waitFor(async () => expect(await taskStates(stack)).toEqual(['RUNNING']), {
      timeout: limitMs(20_000),
      interval: 200,
    })
    for (const schema of schemas) await say(database, { schema, id: 'after' })
    const topics = schemas.map((schema) => `${schema}.events`)
    const events = await consume(stack, { topics, sessionTimeoutMs: scaledMs(6_000), count: 6 })
    for (const topic of topics) {
      expect(events.filter((event) => event.topic === topic).map(({ key }) => key)).toEqual(['before', 'after'])
    }
    for (const event of events) {
      expect(event.value).toBe(payload)
      expect(event.headers).toEqual({
        id: event.headers['ce_id'],
        ce_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        ce_type: 'SomethingHappened',
        ce_source: '/somewhere',
        ce_specversion: '1.0',
        // Six digits, because that is what was written.
        ce_time: '2026-11-22T16:00:00.123456Z',
        ce_aggregateversion: '7',
        ce_correlationid: '0190a000',
        ce_causationid: '1.0',
        'content-type': 'application/json',
        traceparent,
      })
    }
  })

  it('lets go of write-ahead log that concerns nobody', async () => {
    const flushed = async () => {
      const { rows } = await database.query(
        'select confirmed_flush_lsn - $1::pg_lsn as ahead from pg_replication_slots',
        [target],
      )
      return Number(rows[0]?.ahead)
    }
    await database.query('create table noise as select generate_series(1, 1000)')
    const { rows } = await database.query('select pg_current_wal_insert_lsn()::text as lsn')
    const target: string = rows[0]?.lsn
    await vi.waitFor(async () => expect(await flushed()).toBeGreaterThanOrEqual(0), {
      timeout: limitMs(10_000),
      interval: 100,
    })
  })

  it('goes on after PostgreSQL was killed, without losing or being restarted', async () => {
    await stack.kill('postgres', 'SIGKILL')
    await stack.start('postgres')
    database = await connected(stack)
    await say(database, { schema: 'order', id: 'after the kill' })
    const events = await consume(stack, { topics: ['order.events'], sessionTimeoutMs: scaledMs(6_000), count: 3 })
    expect(events.map(({ key }) => key)).toContain('after the kill')
  })

  it('stops loudly when somebody changes what was said', async () => {
    await database.query("alter publication paysaga_outbox set (publish = 'insert, update')")
    await database.query("update order_service.outbox set type = 'SomethingElse' where aggregateid = 'after'")
    await vi.waitFor(async () => expect(await taskStates(stack)).toEqual(['FAILED']), {
      timeout: limitMs(10_000),
      interval: 200,
    })
  })
})

async function connected(stack: Stack): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: stack.endpoints.adminUrl, connectionTimeoutMillis: 5_000 })
  // One test kills the server under it.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function makeOutboxes(database: pg.Client): Promise<void> {
  await database.query('create role relay login replication')
  for (const schema of schemas) {
    await database.query(`
      create schema ${schema}_service
      create table outbox (
        id uuid not null default uuidv7() primary key, aggregatetype text not null, aggregateid text not null,
        type text not null, payload text not null, aggregate_version int not null, occurred_at timestamptz not null,
        correlation_id text not null, causation_id text not null, traceparent text not null, source text not null,
        specversion text not null default '1.0', xid xid8 not null default pg_current_xact_id()
      ) partition by range (id);
      create table ${schema}_service.outbox_all partition of ${schema}_service.outbox
        for values from ('00000000-0000-0000-0000-000000000000') to (maxvalue);
      grant usage on schema ${schema}_service to relay;
      grant select on ${schema}_service.outbox to relay`)
  }
  const tables = schemas.map((schema) => `${schema}_service.outbox`).join(', ')
  await database.query(
    `create publication paysaga_outbox for table ${tables} with (publish = 'insert', publish_via_partition_root = true)`,
  )
}

async function say(database: pg.Client, { schema, id }: { schema: string; id: string }): Promise<void> {
  await database.query(
    `insert into ${schema}_service.outbox (aggregatetype, aggregateid, type, payload, aggregate_version, occurred_at,
      correlation_id, causation_id, traceparent, source)
    values ($1, $2, 'SomethingHappened', $3, 7, '2026-11-22T17:00:00.123456+01', '0190a000', '1.0', $4, '/somewhere')`,
    [schema, id, payload, traceparent],
  )
}

async function register(stack: Stack): Promise<void> {
  const url = new URL(stack.endpoints.connectDatabaseUrl('relay'))
  const values = new Map([
    ['CONNECTOR_NAME', 'under-test'],
    ['SLOT_NAME', 'paysaga_outbox'],
    ['POLL_MS', '5'],
    ['DATABASE_HOST', url.hostname],
    ['DATABASE_PORT', url.port],
    ['DATABASE_NAME', url.pathname.slice(1)],
    ['DATABASE_USER', url.username],
    ['DATABASE_PASSWORD', url.password],
  ])
  const template = await readFile(new URL('../../infra/connect/outbox-connector.json', import.meta.url), 'utf8')
  const config = template.replaceAll(/\$\{([A-Z_]+)\}/g, (placeholder, name: string) => values.get(name) ?? placeholder)
  const response = await fetch(`${stack.endpoints.connectUrl}/connectors/under-test/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    // The slot follows within two heartbeats of 5 s each: shorter here.
    body: JSON.stringify({
      ...z.record(z.string(), z.string()).parse(JSON.parse(config)),
      'heartbeat.interval.ms': '200',
    }),
  })
  if (response.status !== 201) throw new Error(await response.text())
}

const status = z.object({ tasks: z.array(z.object({ state: z.string() })) })

async function taskStates(stack: Stack): Promise<readonly string[]> {
  const response = await fetch(`${stack.endpoints.connectUrl}/connectors/under-test/status`)
  return status.parse(await response.json()).tasks.map(({ state }) => state)
}
