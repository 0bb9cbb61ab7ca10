import { type Consumer, type EachBatchPayload, Kafka, logLevel, type KafkaMessage as RawMessage } from 'kafkajs'
import { stopIdleTimers } from './kafkajs-idle.ts'
import { pause } from './pause.ts'
import type { Log } from './vocabulary.ts'

export interface KafkaOptions {
  /** `host:port` of at least one broker. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** After a crash a partition comes back only after this long: 6,000 in production. The broker sets a lower bound. */
  readonly sessionTimeoutMs: number
}

export interface KafkaMessage {
  readonly partition: number
  /** A whole number that may exceed 2^53, as text. */
  readonly offset: string
  readonly key: string | undefined
  readonly value: string | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
}

export interface Subscription {
  readonly groupId: string
  readonly topic: string
  /**
   * Takes at most `batchMaxMessages` messages of one partition, in order. Resolved: handled for good, the offset may be
   * committed. Rejected: the partition stops where it is until the process starts again, and nothing is lost.
   * `signal` is aborted when the consumer stops or the partition is being taken away: reject, and it is not an error.
   */
  onBatch(messages: readonly KafkaMessage[], signal: AbortSignal): Promise<void>
}

export interface RunningConsumer {
  /** Finishes the batch at hand, commits its offset and leaves the group. */
  stop(): Promise<void>
  /** Why this consumer does not consume all it should; empty when all is well. */
  problems(): readonly string[]
}

/** One transaction takes at most so many messages: it bounds its locks, its memory and the work lost by a rollback. */
const batchMaxMessages = 500
/** Bytes of one partition in one fetch, and so of one batch. */
const batchMaxBytes = 1_048_576
/** A fetch without data comes back after this long, which bounds a stop. Data is delivered at once. */
const fetchMaxWaitMs = 500
/** Repeats after a crash are harmless, a round trip per batch is not: offsets are committed this often. */
const commitIntervalMs = 1_000
/** Three heartbeats fit into a session, as Kafka recommends. */
const heartbeatsPerSession = 3
/** A new consumer is built this long after the last one failed. */
const rebuildAfterMs = 500

stopIdleTimers()

/** Joins the group and consumes until stopped. A consumer that fails is rebuilt, for ever. Returns at once. */
export function consume(options: KafkaOptions, subscription: Subscription, log: Log): RunningConsumer {
  const stopping = new AbortController()
  const state: State = {
    waitsFor: 'has not joined its group yet',
    stoppedPartitions: new Map(),
  }
  const keepConsuming = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await new Consumption(options, subscription, { log, state, stopping: stopping.signal }).run()
      } catch (error) {
        state.waitsFor = `waiting for Kafka at ${options.brokers.join(', ')}: ${messageOf(error)}`
        log.warn({ group: subscription.groupId }, state.waitsFor)
      }
      await pause(rebuildAfterMs, stopping.signal)
    }
  }
  const running = keepConsuming()
  return {
    stop: () => {
      stopping.abort()
      return running
    },
    problems: () => [
      ...(state.waitsFor === undefined ? [] : [state.waitsFor]),
      ...[...state.stoppedPartitions].map(([partition, cause]) => `${subscription.topic}/${partition}: ${cause}`),
    ],
  }
}

interface State {
  waitsFor: string | undefined
  readonly stoppedPartitions: Map<number, string>
}

interface Surroundings {
  readonly log: Log
  readonly state: State
  readonly stopping: AbortSignal
}

/** One consumer from its connection to its end. */
class Consumption {
  readonly #consumer: Consumer
  readonly #subscription: Subscription
  readonly #around: Surroundings
  readonly #heartbeatMs: number
  /** The offsets to go on from that are not committed yet, by partition. */
  readonly #handled = new Map<number, string>()
  readonly #crashed = Promise.withResolvers<never>()

  constructor(options: KafkaOptions, subscription: Subscription, around: Surroundings) {
    this.#subscription = subscription
    this.#around = around
    this.#heartbeatMs = Math.floor(options.sessionTimeoutMs / heartbeatsPerSession)
    this.#consumer = clientOf(options, around.log).consumer({
      groupId: subscription.groupId,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: options.sessionTimeoutMs * 2,
      heartbeatInterval: this.#heartbeatMs,
      maxBytesPerPartition: batchMaxBytes,
      minBytes: 1,
      maxWaitTimeInMs: fetchMaxWaitMs,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      // Every failure ends this consumer and builds a new one: one way of recovering, and it is ours.
      retry: { ...retry, restartOnFailure: () => Promise.resolve(false) },
    })
  }

  async run(): Promise<void> {
    const { log, state, stopping } = this.#around
    const { topic } = this.#subscription
    const { CRASH, GROUP_JOIN } = this.#consumer.events
    this.#consumer.on(CRASH, ({ payload }) => this.#crashed.reject(payload.error))
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#handled.clear()
      const partitions = payload.memberAssignment[topic] ?? []
      for (const partition of state.stoppedPartitions.keys()) {
        if (!partitions.includes(partition)) state.stoppedPartitions.delete(partition)
      }
      log.info({ group: this.#subscription.groupId, topic, partitions }, 'joined the consumer group')
      state.waitsFor = undefined
    })
    state.stoppedPartitions.clear()
    const committing = setInterval(() => void this.#commit(), commitIntervalMs)
    const stopped = Promise.withResolvers<void>()
    const onStop = (): void => stopped.resolve()
    stopping.addEventListener('abort', onStop, { once: true })
    try {
      await this.#consumer.connect()
      // A new group begins with the oldest message: beginning with the newest would lose all that was said before.
      await this.#consumer.subscribe({ topic, fromBeginning: true })
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: (payload) => this.#handle(payload),
      })
      if (stopping.aborted) onStop()
      await Promise.race([stopped.promise, this.#crashed.promise])
    } finally {
      stopping.removeEventListener('abort', onStop)
      clearInterval(committing)
      await this.#commit()
      await this.#consumer.disconnect().catch(() => undefined)
    }
  }

  /** Never throws: kafkajs answers an error of ours by blocking the partition or by ending the consumer for good. */
  async #handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const { stopping } = this.#around
    const taken = new AbortController()
    const signal = AbortSignal.any([stopping, taken.signal])
    // kafkajs sends heartbeats between messages only; a long transaction would lose the partition while it works.
    const beating = setInterval(() => {
      payload.heartbeat().catch(() => taken.abort())
    }, this.#heartbeatMs)
    try {
      for (let from = 0; from < batch.messages.length; from += batchMaxMessages) {
        if (signal.aborted || !payload.isRunning() || payload.isStale()) return
        const messages = batch.messages.slice(from, from + batchMaxMessages)
        await this.#subscription.onBatch(
          messages.map((message) => received(batch.partition, message)),
          signal,
        )
        const last = messages.at(-1)?.offset ?? batch.lastOffset()
        payload.resolveOffset(last)
        this.#handled.set(batch.partition, (BigInt(last) + 1n).toString())
      }
    } catch (error) {
      if (!signal.aborted) this.#stopPartition(batch.partition, error)
    } finally {
      clearInterval(beating)
      if (stopping.aborted) await this.#commit()
    }
  }

  #stopPartition(partition: number, error: unknown): void {
    const { log, state } = this.#around
    const { topic } = this.#subscription
    this.#consumer.pause([{ topic, partitions: [partition] }])
    state.stoppedPartitions.set(partition, messageOf(error))
    log.error({ topic, partition, err: error }, 'stopped the partition: it goes on from here after a restart')
  }

  async #commit(): Promise<void> {
    if (this.#handled.size === 0) return
    const { topic } = this.#subscription
    const offsets = [...this.#handled].map(([partition, offset]) => ({ topic, partition, offset }))
    this.#handled.clear()
    try {
      await this.#consumer.commitOffsets(offsets)
    } catch (error) {
      // The messages come again and are recognised as repeats.
      this.#around.log.warn({ topic, reason: messageOf(error) }, 'offsets were not committed')
    }
  }
}

/** Explicit to the last: under NODE_ENV=test kafkajs would change these by itself. */
const retry = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5, multiplier: 2, factor: 0.2 } as const

function clientOf({ brokers, clientId }: KafkaOptions, log: Log): Kafka {
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

function received(partition: number, { offset, key, value, headers }: RawMessage): KafkaMessage {
  const texts = Object.entries(headers ?? {}).map(([name, content]) => [name, content?.toString()] as const)
  return {
    partition,
    offset,
    key: key?.toString(),
    value: value?.toString(),
    headers: Object.fromEntries(texts),
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
