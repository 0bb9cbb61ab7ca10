import { type Admin, Kafka, logLevel } from 'kafkajs'
import { stopIdleTimers } from '../../apps/shared/messaging/kafka/kafkajs-idle.ts'

export type { Admin, Kafka, KafkaMessage } from 'kafkajs'

/** Topics are folders and files on the broker: on a slow disk a request for all of them takes a while. */
const requestTimeoutMs = 60_000

stopIdleTimers()

/**
 * What a broker answers for a moment only, while a topic or its leader is new for instance. By the property: kafkajs exports
 * its errors in a way that Node's import does not see.
 */
export const isRetriable = (error: unknown): boolean =>
  error instanceof Error && 'retriable' in error && error.retriable === true

/** Runs `work` with a connected admin client. */
export async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

/** A client that gives up soon and logs nothing. Every option is written out: under NODE_ENV=test kafkajs has other defaults. */
export function kafkaClient(brokers: readonly string[]): Kafka {
  return new Kafka({
    clientId: 'paysaga-infra',
    brokers: [...brokers],
    connectionTimeout: 2_000,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2 },
    logLevel: logLevel.NOTHING,
  })
}

/** The broker has joined its cluster and handles requests; an open port alone says less. One attempt, no retry. */
export async function brokerAnswers(broker: string, timeoutMs: number): Promise<boolean> {
  const kafka = new Kafka({
    clientId: 'paysaga-infra',
    brokers: [broker],
    connectionTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    enforceRequestTimeout: true,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  })
  return await withAdmin(kafka, async (admin) => (await admin.describeCluster()).brokers.length > 0).catch(() => false)
}
