import { randomUUID } from 'node:crypto'
import { kafkaClient, withAdmin } from '../../../infra/kafka/client.ts'
import { scaledMs } from '../limits.ts'

export interface Heard {
  readonly topic: string
  readonly key: string
  readonly type: string
  readonly version: number
}

/** An independent witness that stays: everything in the topics from their first message on, as it comes. */
export async function listenTo(brokers: readonly string[], topics: readonly string[]) {
  const kafka = kafkaClient(brokers)
  const groupId = `listener-${randomUUID()}`
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: scaledMs(6_000),
    heartbeatInterval: 2_000,
    maxWaitTimeInMs: 100,
  })
  const heard: Heard[] = []
  await consumer.connect()
  await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ topic, message: { key, headers } }) => {
      const version = Number(headers?.['ce_aggregateversion'])
      heard.push({ topic, key: String(key), type: String(headers?.['ce_type']), version })
      return Promise.resolve()
    },
  })
  return {
    /** What one topic says of an order, by first occurrence: `1 OrderPlaced`. */
    path: (topic: string, id: string): readonly string[] => [
      ...new Set(
        heard.filter((one) => one.topic === topic && one.key === id).map(({ type, version }) => `${version} ${type}`),
      ),
    ],
    stop: async () => {
      await consumer.disconnect()
      await withAdmin(kafka, (admin) => admin.deleteGroups([groupId]))
    },
  }
}

export type Listener = Awaited<ReturnType<typeof listenTo>>
