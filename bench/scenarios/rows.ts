import { Client } from 'pg'
import { migrate } from '../../db/migrate.ts'
import { percentilesOf } from '../measure/percentiles.ts'
import { formatTable } from '../report/table.ts'
import type { World } from '../world.ts'
import type { Findings, Say } from './part.ts'

const inserts = 3_000
const database = 'bench_rows'

/** How long an insert into the outbox takes, with its commit, when it is empty and when it is full. */
export async function rows(world: World, count: number, say: Say): Promise<Findings> {
  say(`an outbox of ${count} rows`)
  await world.query(`drop database if exists ${database}`)
  await world.query(`create database ${database}`)
  const { endpoints } = world.stack
  const adminUrl = endpoints.databaseUrl('postgres', database)
  await migrate(adminUrl)
  try {
    const empty = await insertTimes(endpoints.databaseUrl('order_service', database))
    await fill(adminUrl, count)
    const full = await insertTimes(endpoints.databaseUrl('order_service', database))
    return {
      text: [
        'A full outbox\n',
        `One event into the outbox, with its commit, ${inserts} times one after the other. In ms.`,
        formatTable(
          ['rows in the outbox', 'p50', 'p95', 'p99', 'max'].map((title) => ({ title, align: 'right' })),
          [
            [0, empty.p50, empty.p95, empty.p99, empty.max],
            [count, full.p50, full.p95, full.p99, full.max],
          ],
        ),
      ].join('\n'),
      runs: [],
      figures: { insertP99MsEmpty: empty.p99, insertP99MsFull: full.p99 },
      plots: {},
    }
  } finally {
    await world.query(`drop database ${database}`)
  }
}

const insertion = `
  insert into outbox (aggregatetype, aggregateid, type, aggregate_version, payload, correlation_id, causation_id, traceparent, source)
  values ('order', $1, 'OrderPlaced', 1, $2, $1, $1, '', 'order-service')`
const payload = JSON.stringify({ orderId: '0190a000-0000-7000-8000-000000000001', filler: 'x'.repeat(400) })

async function insertTimes(url: string) {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const times: number[] = []
    for (let number = 0; number < inserts; number += 1) {
      const startedAt = performance.now()
      await client.query({ name: 'insert', text: insertion, values: [`order-${number}`, payload] })
      times.push(performance.now() - startedAt)
    }
    return percentilesOf(times)
  } finally {
    await client.end()
  }
}

async function fill(adminUrl: string, count: number): Promise<void> {
  const client = new Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(
      `insert into order_service.outbox
         (aggregatetype, aggregateid, type, aggregate_version, payload, correlation_id, causation_id, traceparent, source)
       select 'order', 'filler-' || number, 'OrderPlaced', 1, $2, 'filler', 'filler', '', 'order-service'
       from generate_series(1, $1::int) as number`,
      [count, payload],
    )
    // Else the pages that are still to be written would be measured.
    await client.query('vacuum analyze order_service.outbox')
    await client.query('checkpoint')
  } finally {
    await client.end()
  }
}
