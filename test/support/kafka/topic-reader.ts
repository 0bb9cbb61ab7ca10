import { randomUUID } from 'node:crypto'
import { kafkaClient, withAdmin } from '../../../infra/kafka/client.ts'
import { limitMs, scaledMs } from '../limits.ts'

export interface ReadMessage {
  readonly topic: string
  readonly partition: number
  readonly key: string
  readonly type: string
  readonly version: number
  readonly id: string
  readonly payload: unknown
}

const readTimeoutMs = limitMs(30_000)

/**
 * An independent witness: everything that the connector has written into the topics by now, each partition from its first
 * message to its end. What tests have planted there has no `ce_source`, and is left out.
 */
export async function readTopics(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<readonly ReadMessage[]> {
  const kafka = kafkaClient(brokers)
  const unread = new Map<string, bigint>()
  await withAdmin(kafka, async (admin) => {
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        if (BigInt(high) > BigInt(low)) unread.set(`${topic}/${partition}`, BigInt(high))
      }
    }
  })
  const messages: ReadMessage[] = []
  if (unread.size === 0) return messages
  const groupId = `reader-${randomUUID()}`
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: scaledMs(6_000),
    heartbeatInterval: 2_000,
    maxWaitTimeInMs: 100,
  })
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new Error(`unread: ${[...unread.keys()].join(', ')}`)), readTimeoutMs)
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message: { key, value, headers, offset } }) => {
        if (headers?.['ce_source'] !== undefined) {
          messages.push({
            topic,
            partition,
            key: String(key),
            type: String(headers['ce_type']),
            version: Number(headers['ce_aggregateversion']),
            id: String(headers['ce_id']),
            payload: JSON.parse(String(value)),
          })
        }
        const place = `${topic}/${partition}`
        if (BigInt(offset) + 1n >= (unread.get(place) ?? 0n)) unread.delete(place)
        if (unread.size === 0) resolve()
      },
    })
    await done
  } finally {
    clearTimeout(timer)
    await consumer.disconnect()
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId]))
  }
  return messages
}
