import type { Consumer, EachBatchPayload, TopicOffsets } from 'kafkajs'
import { reasonOf } from './failures.ts'
import { batchMaxMessages, clientOf, type KafkaMessage, type KafkaOptions, received, retry } from './kafka-client.ts'
import type { ConsumerObserver } from './observer.ts'
import { pause } from './pause.ts'
import type { Log } from './vocabulary.ts'

export interface Subscription {
  readonly groupId: string
  readonly topic: string
  /**
   * Takes at most `batchMaxMessages` messages of one partition, in order; all partitions that have some are offered at
   * one time. Resolved: handled for good, the offset may be committed. Rejected: the partition stops where it is until
   * the process starts again, and nothing is lost. `signal` is aborted when the consumer stops or the partition is
   * being taken away: reject, and it is not an error.
   */
  onBatch(batch: { readonly messages: readonly KafkaMessage[]; readonly signal: AbortSignal }): Promise<void>
  readonly observer?: ConsumerObserver | undefined
}

export interface RunningConsumer {
  /** Finishes the batch at hand, commits its offset and leaves the group. */
  stop(): Promise<void>
  /** Why this consumer does not consume all it should; empty when all is well. */
  problems(): readonly string[]
}

/** More partitions than this in one process are handled one after the other. */
const partitionsAtOnce = 64
/** Bytes of one partition in one fetch, and so of one batch. */
const batchMaxBytes = 1_048_576
/** Bytes of all partitions in one fetch, and so of one transaction. */
const fetchMaxBytes = 4 * batchMaxBytes
/** A fetch without data comes back after this long, which bounds a stop. Data is delivered at once. */
const fetchMaxWaitMs = 500
/** Repeats after a crash are harmless, a round trip per batch is not: offsets are committed this often. */
const commitIntervalMs = 1_000
/** Three heartbeats fit into a session, as Kafka recommends. */
const heartbeatsPerSession = 3
/** A new consumer is built this long after the last one failed. */
const rebuildAfterMs = 500

/** Joins the group and consumes until stopped. A consumer that fails is rebuilt, for ever. Returns at once. */
export function consume(options: KafkaOptions, subscription: Subscription, log: Log): RunningConsumer {
  const stopping = new AbortController()
  const state: State = {
    heardAt: performance.now(),
    waitsFor: 'has not joined its group yet',
    stoppedPartitions: new Map(),
  }
  const keepConsuming = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await new Consumption(options, subscription, { log, state, stopping: stopping.signal }).run()
      } catch (error) {
        state.waitsFor = `waiting for Kafka at ${options.brokers.join(', ')}: ${reasonOf(error)}`
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
      ...silenceOf(state, options),
      ...(state.waitsFor === undefined ? [] : [state.waitsFor]),
      ...[...state.stoppedPartitions].map(([partition, cause]) => `${subscription.topic}/${partition}: ${cause}`),
    ],
  }
}

/** A broker that hangs closes no connection: only what it has not said for a while tells. */
function silenceOf({ waitsFor, heardAt }: State, { brokers, sessionTimeoutMs }: KafkaOptions): readonly string[] {
  const silentMs = performance.now() - heardAt
  if (waitsFor !== undefined || silentMs < sessionTimeoutMs * 2) return []
  return [`Kafka at ${brokers.join(', ')} has not answered for ${Math.round(silentMs / 1_000)} s`]
}

interface State {
  /** When Kafka last answered a fetch or a heartbeat. */
  heardAt: number
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
      maxBytes: fetchMaxBytes,
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
    const { CRASH, FETCH, GROUP_JOIN, HEARTBEAT } = this.#consumer.events
    const heard = (): void => {
      state.heardAt = performance.now()
    }
    for (const answer of [FETCH, GROUP_JOIN, HEARTBEAT]) this.#consumer.on(answer, heard)
    this.#consumer.on(CRASH, ({ payload }) => this.#crashed.reject(payload.error))
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#handled.clear()
      const partitions = payload.memberAssignment[topic] ?? []
      for (const partition of state.stoppedPartitions.keys()) {
        if (partitions.includes(partition)) continue
        state.stoppedPartitions.delete(partition)
        // kafkajs remembers a pause beyond the assignment: should the partition come back, it would be deaf.
        this.#consumer.resume([{ topic, partitions: [partition] }])
      }
      this.#subscription.observer?.assigned({ topic, partitions })
      log.info({ group: this.#subscription.groupId, topic, partitions }, 'joined the consumer group')
      state.waitsFor = undefined
    })
    state.stoppedPartitions.clear()
    const commitBySelf = ({ topic, partitions }: TopicOffsets) =>
      this.#consumer.commitOffsets(partitions.map((position) => ({ topic, ...position })))
    const committing = setInterval(() => void this.#commit(commitBySelf), commitIntervalMs)
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
        partitionsConsumedConcurrently: partitionsAtOnce,
        eachBatch: (payload) => this.#handle(payload),
      })
      if (stopping.aborted) onStop()
      await Promise.race([stopped.promise, this.#crashed.promise])
    } finally {
      stopping.removeEventListener('abort', onStop)
      clearInterval(committing)
      await this.#commit(commitBySelf)
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
    // It also skips a heartbeat that comes a moment too early, so this asks more often than it is to send.
    const beating = setInterval(() => {
      payload.heartbeat().catch(() => taken.abort())
    }, this.#heartbeatMs / 4)
    try {
      this.#tellLag(batch, batch.messages[0]?.offset)
      for (let from = 0; from < batch.messages.length; from += batchMaxMessages) {
        if (signal.aborted || !payload.isRunning()) return
        const messages = batch.messages.slice(from, from + batchMaxMessages)
        await this.#subscription.onBatch({
          messages: messages.map((message) => received(batch.partition, message)),
          signal,
        })
        const last = messages.at(-1)?.offset ?? batch.lastOffset()
        if (!this.#resolved(payload, last)) return
        const next = (BigInt(last) + 1n).toString()
        this.#handled.set(batch.partition, next)
        this.#tellLag(batch, next)
      }
    } catch (error) {
      if (!signal.aborted) this.#stopPartition(batch.partition, error)
    } finally {
      clearInterval(beating)
      if (signal.aborted) await this.#commit((offsets) => payload.commitOffsetsIfNecessary({ topics: [offsets] }))
    }
  }

  /** False when the topic was taken away meanwhile: its messages come again elsewhere and are recognised as repeats. */
  #resolved(payload: EachBatchPayload, offset: string): boolean {
    try {
      payload.resolveOffset(offset)
      return true
    } catch (error) {
      this.#around.log.warn(
        { offset, reason: reasonOf(error) },
        'a batch was handled whose partition is no longer ours',
      )
      return false
    }
  }

  /** `next`: the offset of the first message that is not handled. The high watermark is that of the next one to come. */
  #tellLag({ partition, highWatermark }: EachBatchPayload['batch'], next = highWatermark): void {
    const messages = Number(BigInt(highWatermark) - BigInt(next))
    this.#subscription.observer?.lag({ topic: this.#subscription.topic, partition, messages })
  }

  #stopPartition(partition: number, error: unknown): void {
    const { log, state } = this.#around
    const { topic } = this.#subscription
    this.#consumer.pause([{ topic, partitions: [partition] }])
    state.stoppedPartitions.set(partition, reasonOf(error))
    log.error({ topic, partition, err: error }, 'stopped the partition: it goes on from here after a restart')
  }

  async #commit(commit: (offsets: TopicOffsets) => Promise<void>): Promise<void> {
    if (this.#handled.size === 0) return
    const { topic } = this.#subscription
    const partitions = [...this.#handled].map(([partition, offset]) => ({ partition, offset }))
    this.#handled.clear()
    try {
      await commit({ topic, partitions })
    } catch (error) {
      // The messages come again and are recognised as repeats.
      this.#around.log.warn({ topic, reason: reasonOf(error) }, 'offsets were not committed')
    }
  }
}
