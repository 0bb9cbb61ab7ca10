import type { Admin, Kafka } from 'kafkajs'
import { reasonOf } from '../lib/failures.ts'
import { pause } from '../lib/pause.ts'
import type { Log } from '../types/vocabulary.ts'
import type { Extent } from './hearing.ts'
import type { Subscription } from './subscription.ts'

/** One whose broker hangs waits for its answer before it lets go. */
const closeMaxMs = 1_000
const never = new AbortController().signal

/** Asks Kafka how far a topic goes and how far its group is, on a connection of its own: the consumer's may be the fault. */
export class Extents {
  readonly #admin: Admin
  readonly #of: Pick<Subscription, 'groupId' | 'topic'>
  readonly #log: Log
  #isAsking = false
  #isClosed = false

  constructor(kafka: Kafka, of: Pick<Subscription, 'groupId' | 'topic'>, log: Log) {
    this.#admin = kafka.admin()
    this.#of = of
    this.#log = log
  }

  /** By partition; undefined when Kafka does not answer. `asking`: it has not answered the last time yet. Never rejects. */
  async read(): Promise<ReadonlyMap<number, Extent> | undefined | 'asking'> {
    if (this.#isAsking) return 'asking'
    this.#isAsking = true
    const { groupId, topic } = this.#of
    try {
      await this.#admin.connect()
      const ends = await this.#admin.fetchTopicOffsets(topic)
      const [group] = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
      const committed = new Map(group?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)] as const))
      return new Map(ends.map(({ partition, low, high }) => [partition, extentOf(low, high, committed.get(partition))]))
    } catch (error) {
      this.#log.debug({ topic, reason: reasonOf(error) }, 'Kafka did not say how far the topic goes')
      return undefined
    } finally {
      this.#isAsking = false
      // Its client connects anew as often as it asks again, also when it was disconnected meanwhile.
      if (this.#isClosed) await this.#admin.disconnect().catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.race([this.#admin.disconnect().catch(() => undefined), pause(closeMaxMs, never)])
  }
}

/** −1: nothing is committed. */
function extentOf(low: string, end: string, committed = -1n): Extent {
  return { low: BigInt(low), end: BigInt(end), committed: committed < 0n ? undefined : committed }
}
