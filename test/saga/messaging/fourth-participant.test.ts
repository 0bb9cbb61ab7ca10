import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from '../../../infra/index.ts'
import { kafkaClient, withAdmin } from '../../../infra/kafka/client.ts'
import { consumerLag } from '../../../infra/kafka/lag.ts'
import { commandsOf, documented } from '../../support/documents/commands.ts'
import { here, shell, shellEnvironment } from '../../support/documents/run.ts'
import { limitMs, scaledMs } from '../../support/limits.ts'
import { root } from '../../support/system/cli.ts'
import { openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(30_000), interval: 50 }
const { endpoints } = shop.stack
const kafka = kafkaClient(endpoints.brokers)
const stream = { group: 'loyalty-service', topic: 'order.events' }
const lag = async () =>
  (await consumerLag(kafka, [stream])).find(({ group }) => group === stream.group)?.lagMessages ?? -1n

const guide = 'docs/add-a-service.md'
const exports = commandsOf(guide).flatMap(({ text }) => (text.startsWith('export ') ? [text] : []))

/** docs/add-a-service.md, done as it is written there. */
describe('a fourth participant', () => {
  const db = new pg.Client({ connectionString: endpoints.databaseUrl('loyalty') })
  let port = 0
  let loyalty: ChildProcess | undefined
  let log = ''

  const start = async () => {
    // The shell becomes the service, and so is what gets its signals.
    const command = `exec ${documented(guide, 'node examples/loyalty/main.ts')}`
    const child = spawn('bash', ['-ec', here([...exports, command].join('\n'), shop)], {
      cwd: root,
      env: { ...shellEnvironment(shop), PORT: `${port}`, KAFKA_SESSION_TIMEOUT_MS: `${scaledMs(2_000)}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    loyalty = child
    const ready = async () => (await fetch(shop.url(port, '/readyz')).catch(() => undefined))?.status
    await expect.poll(ready, within).toBe(200)
  }
  const stop = async () => {
    if (loyalty === undefined || loyalty.exitCode !== null) return
    const ended = once(loyalty, 'exit')
    loyalty.kill('SIGTERM')
    await ended
  }
  const pointsOf = async (id: string) =>
    (await db.query<{ given: number }>('select given::float8 as given from points where id = $1', [id])).rows[0]?.given
  const givenTo = async (id: string) =>
    (await db.query(`select 1 from points_history where id = $1 and type = 'OrderPaid'`, [id])).rows.length
  const placePaid = async () => {
    const { id } = await shop.place()
    await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
    return id
  }

  beforeAll(async () => {
    await shell(shop, ...exports, documented(guide, 'node infra/cli/jobs/migrations.ts'))
    await db.connect()
    ;[port = 0] = await freePorts(1)
  })
  afterAll(async () => {
    await stop()
    await db.end()
  })

  it('gets points for an order that was paid, also for one from before it came', async () => {
    const earlier = await placePaid()
    await start()
    const id = await placePaid()
    await expect.poll(() => pointsOf(id), within).toBe(25)
    await expect.poll(() => pointsOf(earlier), within).toBe(25)
  })

  it('gives them once, also when its group reads everything again', async () => {
    const id = await placePaid()
    await expect.poll(() => pointsOf(id), within).toBe(25)
    await stop()
    await withAdmin(kafka, (admin) =>
      admin.resetOffsets({ groupId: stream.group, topic: stream.topic, earliest: true }),
    )
    log = ''
    await start()
    const later = await placePaid()
    await expect.poll(() => pointsOf(later), within).toBe(25)
    await expect.poll(lag, within).toBe(0n)
    // Placed and paid, and the confirmation that it does not listen to; each of them may come more than once.
    const repeated = () => {
      const lines = log.split('\n').filter((line) => line.includes(id) && line.includes('"outcome":"repeat"'))
      return new Set(lines.map((line) => /"messageId":"[^"]+"/.exec(line)?.[0])).size
    }
    await expect.poll(repeated, within).toBe(3)
    expect(await pointsOf(id)).toBe(25)
    expect(await givenTo(id)).toBe(1)
  })

  it('reaches no schema but its own', async () => {
    await expect(db.query('select 1 from order_service.orders')).rejects.toMatchObject({ code: '42501' })
  })
})
