import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../../db/migrate.ts'
import { kafkaClient, withAdmin } from '../../infra/kafka/client.ts'
import { limitMs } from '../support/limits.ts'
import { openShop } from '../support/shop.ts'
import { type Listener, listenTo } from '../support/topic-listener.ts'

const run = promisify(execFile)
const topic = 'billing.events'

/** docs/adopt.md, its first step, done. */
describe('a team that takes nothing but the outbox', () => {
  const { endpoints } = openShop().stack
  const db = new pg.Client({ connectionString: endpoints.databaseUrl('billing') })
  let listener: Listener
  const issue = async (...args: readonly string[]) =>
    (
      await run(process.execPath, ['examples/outbox-only/main.ts', ...args], {
        cwd: fileURLToPath(new URL('../../', import.meta.url)),
        env: { PATH: process.env['PATH'], BILLING_DATABASE_URL: endpoints.databaseUrl('billing') },
      })
    ).stdout.trim()

  beforeAll(async () => {
    const folder = new URL('../../examples/outbox-only/migrations/', import.meta.url)
    await migrate(endpoints.adminUrl, [{ schema: 'billing', folder }])
    await withAdmin(kafkaClient(endpoints.brokers), (admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 2 }] }),
    )
    listener = await listenTo(endpoints.brokers, [topic])
    await db.connect()
  })
  afterAll(async () => {
    await listener.stop()
    await db.end()
  })

  it('has its row and its event, the one with the other', async () => {
    const id = await issue('ada@example.com', '1290', 'EUR')
    expect((await db.query('select customer from invoice where id = $1', [id])).rows).toEqual([
      { customer: 'ada@example.com' },
    ])
    await expect.poll(() => listener.path(topic, id), { timeout: limitMs(20_000) }).toEqual(['1 InvoiceIssued'])
  })

  it('has neither when the row is refused', async () => {
    await expect(issue('ada@example.com', '0')).rejects.toThrow('invoice_is_over_something')
    const { rows } = await db.query('select count(*)::int as events from outbox')
    expect(rows).toEqual([{ events: 1 }])
  })
})
