import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { stopIdleTimers } from '../../../apps/shared/messaging/kafka/kafkajs-idle.ts'
import { type EventType, type Listener, type Payload, topicOf } from './events.ts'

export interface KafkaOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly partitions: number
}

/** Resolves when the broker has the event. The order's id is the key, so that its events stay in order. */
export type Say = <Type extends EventType>(type: Type, payload: Payload<Type>) => Promise<void>

/** A fetch without data comes back after this long, which bounds a stop. Data is delivered at once. */
const fetchMaxWaitMs = 500
/** What our services ask for. */
const sessionTimeoutMs = 6_000

// An idle process would burn some 3 % of a core: no property of a dual write.
stopIdleTimers()

export async function openProducer(options: KafkaOptions) {
  const producer = clientOf(options).producer({
    idempotent: false,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const say: Say = async (type, payload) => {
    const message = { key: payload.orderId, value: JSON.stringify(payload), headers: { type } }
    await producer.send({ topic: topicOf[type], acks: -1, messages: [message] })
  }
  return { say, close: () => producer.disconnect() }
}

/** Resolves when it has joined its group. A consumer that breaks beyond repair ends the process. */
export async function consume(options: KafkaOptions, topic: string, listeners: readonly Listener[]) {
  const takers = new Map<string | undefined, Listener['take']>(listeners.map(({ type, take }) => [type, take]))
  const joined = Promise.withResolvers<void>()
  const consumer = clientOf(options).consumer({
    groupId: options.clientId,
    sessionTimeout: sessionTimeoutMs,
    maxWaitTimeInMs: fetchMaxWaitMs,
    allowAutoTopicCreation: false,
  })
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve())
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) process.exit(1)
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    partitionsConsumedConcurrently: options.partitions,
    eachMessage: async ({ message }) => {
      const take = takers.get(message.headers?.['type']?.toString())
      if (take !== undefined && message.value !== null) await take(message.value.toString())
    },
  })
  await joined.promise
  return { close: () => consumer.disconnect() }
}

function clientOf({ brokers, clientId }: KafkaOptions): Kafka {
  return new Kafka({ brokers: [...brokers], clientId, logLevel: logLevel.ERROR })
}
