import { randomUUID } from 'node:crypto'
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { consume } from '../../apps/shared/messaging/kafka/kafka.ts'
import type { KafkaOptions } from '../../apps/shared/messaging/kafka/kafka-client.ts'
import type { Subscription } from '../../apps/shared/messaging/kafka/subscription.ts'
import type { KafkaMessage } from '../../apps/shared/messaging/message/kafka-message.ts'
import { createTopics, openStack, type Stack } from '../../infra/index.ts'
import { kafkaClient } from '../../infra/kafka/client.ts'
import { makeDeaf } from '../support/kafka/deaf-kafkajs.ts'
import { limitMs, scaledMs } from '../support/limits.ts'
import { type Place, place } from '../support/system/place.ts'

const topic = 'order.events'
const partitions = 4
const sessionTimeoutMs = scaledMs(2_000)
/** As the stack of tests allows it. */
const shortestSessionMs = scaledMs(1_000)
const within = { timeout: limitMs(30_000), interval: 50 }

/** What the library needs of whatever speaks to Kafka. Another client would have to pass it. */
describe('the Kafka port', () => {
  let here: Place
  let stack: Stack
  const running: ReturnType<typeof consume>[] = []
  beforeAll(async () => {
    here = await place('consumer')
    stack = openStack(here.options)
    await Promise.all([stack.start('kafka'), stack.start('postgres')])
    await createTopics({ brokers: stack.endpoints.brokers, partitions })
  })
  afterEach(() => Promise.all(running.splice(0).map((consumer) => consumer.stop())))
  afterAll(() => here.leave(stack))

  interface Sent {
    readonly key: string | null
    readonly value: string | Buffer | null
    readonly headers?: Readonly<Record<string, string>>
    /** By the key, unless given. */
    readonly partition?: number
  }
  const send = async (messages: readonly Sent[]): Promise<void> => {
    const producer = kafkaClient(stack.endpoints.brokers).producer({ allowAutoTopicCreation: false })
    await producer.connect()
    await producer.send({ topic, acks: -1, messages: messages.map((one) => ({ ...one, headers: { ...one.headers } })) })
    await producer.disconnect()
  }
  /** Each test has keys of its own: a new group reads what earlier ones have sent as well. */
  const listen = (
    onBatch: Subscription['onBatch'],
    groupId = `${randomUUID()}`,
    options: Partial<KafkaOptions> = {},
  ) => {
    const lines: string[] = []
    const log = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`)
    const consumer = consume(
      { brokers: stack.endpoints.brokers, clientId: 'under-test', sessionTimeoutMs, ...options },
      { groupId, topic, onBatch },
      { debug: () => undefined, info: log, warn: log, error: log },
    )
    running.push(consumer)
    return { consumer, lines, groupId }
  }
  const keysOf = (count: number) => Array.from({ length: count }, () => randomUUID())
  const collecting = (keys: readonly string[]) => {
    const got: KafkaMessage[] = []
    const onBatch: Subscription['onBatch'] = async ({ messages }) => {
      got.push(...messages.filter(({ key = '' }) => keys.includes(key)))
    }
    return { got, onBatch }
  }

  it('gives the messages of each key in order, with their headers and every byte', async () => {
    const keys = keysOf(10)
    const body = Buffer.from([0xff, 0, 0xc3, 0x28])
    const sent = Array.from({ length: 300 }, (_, index) => ({
      key: keys[index % keys.length] ?? '',
      value: index % 7 === 0 ? body : `${index}`,
      headers: { ce_id: `${index}`, text: 'żółć 🚀' },
    }))
    await send(sent)
    const { got, onBatch } = collecting(keys)
    listen(onBatch)
    // On a busy machine the producer of this test sends some again: those are other messages under the same id.
    const idsOf = (messages: readonly KafkaMessage[]) => [
      ...new Set(messages.map(({ headers }) => Number(headers['ce_id']))),
    ]
    await expect.poll(() => idsOf(got).length, within).toBe(sent.length)
    for (const key of keys) {
      const ids = idsOf(got.filter((message) => message.key === key))
      expect(ids).toEqual(sent.filter((one) => one.key === key).map(({ headers }) => Number(headers.ce_id)))
    }
    expect(got.every(({ headers }) => headers['text'] === 'żółć 🚀')).toBe(true)
    expect(got.find(({ headers }) => headers['ce_id'] === '0')?.body).toEqual(body)
  })

  it('gives messages without a key or a value like any other', async () => {
    const mark = randomUUID()
    const got: KafkaMessage[] = []
    listen(async ({ messages }) => void got.push(...messages.filter(({ headers }) => headers['mark'] === mark)))
    await send([
      { key: null, value: 'no key', headers: { mark } },
      { key: mark, value: null, headers: { mark } },
    ])
    await expect.poll(() => got.length, within).toBe(2)
    expect(got.find(({ key }) => key === undefined)?.value).toBe('no key')
    expect(got.find(({ key }) => key === mark)).toMatchObject({ value: undefined, body: undefined })
  })

  it('stops a partition that rejects, goes on with the others, and gives it again after a restart', async () => {
    const keys = keysOf(20)
    await send(keys.map((key, index) => ({ key, value: '1', partition: index % partitions })))
    const seen = new Map<number, number>()
    const rejecting = new Set<number>()
    const first = listen(async ({ messages }) => {
      const [partition = 0] = messages.map((message) => message.partition)
      if (rejecting.size === 0) rejecting.add(partition)
      if (rejecting.has(partition)) throw new Error('cannot be handled')
      seen.set(partition, messages.length)
    })
    await expect.poll(() => seen.size, within).toBe(partitions - 1)
    await expect.poll(() => first.consumer.problems().join(), within).toContain('cannot be handled')
    await first.consumer.stop()
    const { got, onBatch } = collecting(keys)
    listen(onBatch, first.groupId)
    await expect.poll(() => new Set(got.map(({ partition }) => partition)), within).toEqual(rejecting)
  })

  it('aborts what is under way when it stops, and another one gets it again', async () => {
    const keys = keysOf(8)
    await send(keys.map((key) => ({ key, value: '1' })))
    let begun = 0
    const first = listen(async ({ signal }) => {
      begun += 1
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    })
    await expect.poll(() => begun, within).toBeGreaterThan(0)
    await first.consumer.stop()
    expect(first.lines.join()).not.toContain('stopped the partition')
    const { got, onBatch } = collecting(keys)
    listen(onBatch, first.groupId)
    await expect.poll(() => new Set(got.map(({ key }) => key)).size, within).toBe(keys.length)
  })

  it('shares the partitions with a second one, and nothing is lost between them', async () => {
    const keys = keysOf(40)
    const [one, two] = [collecting(keys), collecting(keys)]
    const first = listen(one.onBatch)
    await expect.poll(() => first.lines.join(), within).toContain('"partitions":[0,1,2,3]')
    const second = listen(two.onBatch, first.groupId)
    await expect.poll(() => second.lines.join(), within).toMatch(/"partitions":\[\d,\d\]/)
    await expect.poll(() => first.lines.join('\n'), within).toMatch(/"partitions":\[\d,\d\]\}/)
    await send(keys.map((key) => ({ key, value: '1' })))
    const all = () => new Set([...one.got, ...two.got].map(({ key }) => key)).size
    await expect.poll(all, within).toBe(keys.length)
    expect(Math.min(one.got.length, two.got.length)).toBeGreaterThan(0)
  })

  it('goes on by itself when the broker was killed', { timeout: limitMs(90_000) }, async () => {
    const keys = keysOf(8)
    const { got, onBatch } = collecting(keys)
    const { lines } = listen(onBatch)
    await expect.poll(() => lines.join(), within).toContain('joined')
    await stack.kill('kafka', 'SIGKILL')
    await stack.start('kafka')
    await send(keys.map((key) => ({ key, value: '1' })))
    await expect.poll(() => new Set(got.map(({ key }) => key)).size, within).toBe(keys.length)
  })

  it('is built anew when the broker is frozen, and goes on when that wakes', { timeout: limitMs(90_000) }, async () => {
    const keys = keysOf(8)
    const { got, onBatch } = collecting(keys)
    const { consumer, lines } = listen(onBatch)
    await expect.poll(() => consumer.problems(), within).toEqual([])
    await stack.kill('kafka', 'SIGSTOP')
    // Either its own time-out ends it or the watch over its fetches, whichever comes first; and it says so meanwhile.
    await expect.poll(() => lines.join(), within).toContain('waiting for Kafka')
    expect(consumer.problems()).not.toEqual([])
    await stack.kill('kafka', 'SIGCONT')
    await send(keys.map((key) => ({ key, value: '1' })))
    await expect.poll(() => new Set(got.map(({ key }) => key)).size, within).toBe(keys.length)
    await expect.poll(() => consumer.problems(), within).toEqual([])
    expect(lines.join()).not.toContain('only a new process')
  })

  it('is built anew when its loop comes round and one partition is left out', async () => {
    const [left = '', other = ''] = keysOf(2)
    const { got, onBatch } = collecting([left, other])
    const { consumer, lines } = listen(onBatch, randomUUID(), { sessionTimeoutMs: shortestSessionMs })
    await expect.poll(() => consumer.problems(), within).toEqual([])
    const mend = makeDeaf([2])
    try {
      await send([
        { key: left, value: '1', partition: 2 },
        { key: other, value: '1', partition: 3 },
      ])
      await expect.poll(() => got.map(({ key }) => key), within).toEqual([other])
      await expect
        .poll(() => lines.join('\n'), within)
        .toContain('there is more in order.events/2, and it does not come')
      expect(lines.join()).not.toContain('order.events/3,')
    } finally {
      mend()
    }
    await expect.poll(() => got.some(({ key }) => key === left), within).toBe(true)
    await expect.poll(() => consumer.problems(), within).toEqual([])
  })

  it('ends its process with 1 when a new consumer is as deaf as the one before it', async () => {
    await send([{ key: randomUUID(), value: '1', partition: 1 }])
    const script = new URL('./deaf-service.ts', import.meta.url).pathname
    const { exitCode, stdout } = await execa(process.execPath, [script], {
      env: {
        PORT: '0',
        DATABASE_URL: stack.endpoints.adminUrl,
        KAFKA_BROKERS: stack.endpoints.brokers.join(),
        KAFKA_SESSION_TIMEOUT_MS: `${shortestSessionMs}`,
      },
      timeout: limitMs(40_000),
      killSignal: 'SIGKILL',
      reject: false,
    })
    expect(exitCode).toBe(1)
    expect(stdout.match(/there is more in/g)?.length).toBeGreaterThanOrEqual(2)
    expect(stdout).toMatch(/"level":"fatal"[^]*cannot go on[^]*has stopped/)
  })
})
