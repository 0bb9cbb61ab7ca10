import { Kafka, logLevel, type KafkaMessage as RawMessage } from 'kafkajs'
import type { KafkaMessage } from '../message/kafka-message.ts'
import type { Log } from '../types/vocabulary.ts'
import { stopIdleTimers } from './kafkajs-idle.ts'

export interface KafkaOptions {
  /** `host:port` of at least one broker. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** After a crash a partition comes back only after this long: 6,000 in production. The broker sets a lower bound. */
  readonly sessionTimeoutMs: number
}

/** Of one partition, and of all in one transaction: it bounds its locks, its memory and the work lost by a rollback. */
export const batchMaxMessages = 500

stopIdleTimers()

/** Explicit to the last: under NODE_ENV=test kafkajs would change these by itself. */
export const retry = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5, multiplier: 2, factor: 0.2 } as const

export function clientOf({ brokers, clientId }: KafkaOptions, log: Log): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 2_000,
    authenticationTimeout: 5_000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    retry,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, label, log: { message, error } }) =>
        log.debug({ kafkajs: namespace, level: label, reason: error }, message),
  })
}

export function received(partition: number, { offset, key, value, headers, timestamp }: RawMessage): KafkaMessage {
  const texts = Object.entries(headers ?? {}).map(([name, content]) => [name, content?.toString()] as const)
  return {
    partition,
    offset,
    key: key?.toString(),
    value: value?.toString(),
    body: value ?? undefined,
    headers: Object.fromEntries(texts),
    timestampMs: Number(timestamp),
  }
}
