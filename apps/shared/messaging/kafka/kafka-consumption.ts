import type { Consumer, EachBatchPayload, TopicOffsets } from 'kafkajs'
import { failpoint } from '../lib/failpoint.ts'
import { reasonOf } from '../lib/failures.ts'
import { pause } from '../lib/pause.ts'
import { Hearing } from './hearing.ts'
import { batchMaxMessages, clientOf, type KafkaOptions, received, retry } from './kafka-client.ts'
import { Extents } from './kafka-extents.ts'
import type { Liveness } from './liveness.ts'
import { Deaf } from './recovery.ts'
import type { Subscription, Surroundings } from './subscription.ts'

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
/** One that has not fetched for so many sessions is deaf, whatever its heartbeats say, and a new one is built. */
const deafSessions = 5
const disconnectMaxMs = 5_000
const never = new AbortController().signal

/** One consumer from its connection to its end. */
export class Consumption {
  readonly #consumer: Consumer
  readonly #subscription: Subscription
  readonly #around: Surroundings
  readonly #heartbeatMs: number
  readonly #sessionTimeoutMs: number
  /** The offsets to go on from that are not committed yet, by partition. */
  readonly #handled = new Map<number, string>()
  readonly #crashed = Promise.withResolvers<never>()
  /** What it still does afterwards is no longer its business: another one is there. */
  readonly #ended = new AbortController()
  readonly #liveness: Liveness
  readonly #hearing = new Hearing()
  readonly #extents: Extents

  constructor(options: KafkaOptions, subscription: Subscription, around: Surroundings) {
    this.#subscription = subscription
    this.#around = around
    this.#liveness = around.state.liveness
    this.#sessionTimeoutMs = options.sessionTimeoutMs
    this.#heartbeatMs = Math.floor(options.sessionTimeoutMs / heartbeatsPerSession)
    // Whoever awaits it may not have got so far.
    this.#crashed.promise.catch(() => undefined)
    const kafka = clientOf(options, around.log)
    this.#extents = new Extents(kafka, subscription, around.log)
    this.#consumer = kafka.consumer({
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
    const { state, stopping } = this.#around
    const { topic } = this.#subscription
    this.#listen()
    state.stoppedPartitions.clear()
    const commitBySelf = ({ topic, partitions }: TopicOffsets) =>
      this.#consumer.commitOffsets(partitions.map((position) => ({ topic, ...position })))
    const committing = setInterval(() => void this.#commit(commitBySelf), commitIntervalMs)
    const watching = setInterval(() => this.#rebuildIfStill(), this.#heartbeatMs)
    const looking = setInterval(() => void this.#rebuildIfLeftOut(), this.#sessionTimeoutMs)
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
      this.#ended.abort(new Error('this consumer has ended'))
      stopping.removeEventListener('abort', onStop)
      clearInterval(committing)
      clearInterval(watching)
      clearInterval(looking)
      await this.#commit(commitBySelf)
      const disconnected = Promise.all([this.#consumer.disconnect(), this.#extents.close()]).catch(() => undefined)
      // One whose loop is dead may never say that it has ended. Who stops waits for the batch at hand.
      await (stopping.aborted ? disconnected : Promise.race([disconnected, pause(disconnectMaxMs, never)]))
    }
  }

  #listen(): void {
    const { CRASH, FETCH, GROUP_JOIN, HEARTBEAT, START_BATCH_PROCESS } = this.#consumer.events
    this.#consumer.on(HEARTBEAT, () => this.#liveness.heard())
    this.#consumer.on(FETCH, () => {
      this.#liveness.fetched()
      this.#hearing.fetched()
      if (this.#liveness.joinedMs() > this.#sessionTimeoutMs * deafSessions) this.#around.state.recovery.goesRound()
    })
    this.#consumer.on(CRASH, ({ payload }) => this.#crashed.reject(payload.error))
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      if (!this.#ended.signal.aborted) this.#joined(payload.memberAssignment[this.#subscription.topic] ?? [])
    })
    // Also of a batch in which there is nothing for us, such as the mark at the end of a transaction.
    this.#consumer.on(START_BATCH_PROCESS, ({ payload: { partition, lastOffset, highWatermark } }) => {
      if (this.#ended.signal.aborted) return
      this.#hearing.given(partition, { next: BigInt(lastOffset) + 1n, end: BigInt(highWatermark) })
      this.#around.state.recovery.heard(partition)
    })
  }

  #joined(partitions: readonly number[]): void {
    const { log, state } = this.#around
    const { groupId, topic, observer } = this.#subscription
    this.#handled.clear()
    this.#liveness.joined()
    this.#hearing.joined(partitions)
    state.recovery.joined(partitions)
    for (const partition of state.stoppedPartitions.keys()) {
      if (partitions.includes(partition)) continue
      state.stoppedPartitions.delete(partition)
      // kafkajs remembers a pause beyond the assignment: should the partition come back, it would be deaf.
      this.#consumer.resume([{ topic, partitions: [partition] }])
    }
    observer?.assigned({ topic, partitions })
    log.info({ group: groupId, topic, partitions }, 'joined the consumer group')
    state.waitsFor = undefined
  }

  /** The loop comes round every half second, with data or without, with partitions or without. */
  #rebuildIfStill(): void {
    const deafMs = this.#liveness.deafMs()
    if (deafMs < this.#sessionTimeoutMs * deafSessions) return
    const kafkaAnswers = this.#liveness.unansweredMs() < this.#sessionTimeoutMs * 2
    const message = `nothing was fetched for ${Math.round(deafMs / 1_000)} s`
    this.#crashed.reject(new Deaf(message, { to: 'everything', kafkaAnswers }))
  }

  /** The loop comes round, and asks for nothing or is given nothing. */
  async #rebuildIfLeftOut(): Promise<void> {
    const extents = await this.#extents.read()
    if (this.#ended.signal.aborted || extents === 'asking') return
    if (extents !== undefined) this.#liveness.answered()
    const stopped = this.#around.state.stoppedPartitions
    const to = this.#hearing.look(extents, { stopped, isWorking: this.#liveness.isWorking() })
    if (to.length === 0) return
    const names = to.map((partition) => `${this.#subscription.topic}/${partition}`)
    this.#crashed.reject(
      new Deaf(`there is more in ${names.join(', ')}, and it does not come`, { to, kafkaAnswers: true }),
    )
  }

  /** Never throws: kafkajs answers an error of ours by blocking the partition or by ending the consumer for good. */
  async #handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const { stopping } = this.#around
    this.#liveness.begins(batch.partition)
    const taken = new AbortController()
    const signal = AbortSignal.any([stopping, this.#ended.signal, taken.signal])
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
      this.#liveness.ends(batch.partition)
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
    failpoint('offsets.uncommitted')
    try {
      await commit({ topic, partitions })
      failpoint('offsets.committed')
    } catch (error) {
      // The messages come again and are recognised as repeats.
      this.#around.log.warn({ topic, reason: reasonOf(error) }, 'offsets were not committed')
    }
  }
}
