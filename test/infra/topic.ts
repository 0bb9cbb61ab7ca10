import { randomUUID } from 'node:crypto'
import type { Stack } from '../../infra/index.ts'
import { kafkaClient } from '../../infra/kafka/client.ts'
import { limitMs } from '../support/limits.ts'

const timeoutMs = limitMs(20_000)

export interface Received {
  readonly topic: string
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

export async function send(
  stack: Stack,
  { topic, key, value }: Pick<Received, 'topic' | 'key' | 'value'>,
): Promise<void> {
  const producer = kafkaClient(stack.endpoints.brokers).producer({ allowAutoTopicCreation: false })
  await producer.connect()
  try {
    await producer.send({ topic, acks: -1, messages: [{ key, value }] })
  } finally {
    await producer.disconnect()
  }
}

/** The first messages of some topics, as a new group of its own. Throws when there are fewer after 20 s. */
export async function consume(
  stack: Stack,
  { topics, sessionTimeoutMs, count }: { topics: string[]; sessionTimeoutMs: number; count: number },
): Promise<readonly Received[]> {
  const consumer = kafkaClient(stack.endpoints.brokers).consumer({
    groupId: randomUUID(),
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: 500,
    maxWaitTimeInMs: 100,
  })
  const received: Received[] = []
  const complete = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => complete.reject(new Error(`${received.length} of ${count} messages`)), timeoutMs)
  await consumer.connect()
  try {
    await consumer.subscribe({ topics, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ topic, message }) => {
        const headers = Object.entries(message.headers ?? {}).map(([name, text]) => [name, String(text)])
        const { key, value } = message
        received.push({ topic, key: String(key), value: String(value), headers: Object.fromEntries(headers) })
        if (received.length >= count) complete.resolve(undefined)
      },
    })
    await complete.promise
  } finally {
    clearTimeout(timer)
    await consumer.disconnect()
  }
  return received
}
