import type { KafkaMessage } from '../message/kafka-message.ts'
import type { ConsumerObserver } from '../observability/observer.ts'
import type { Log } from '../types/vocabulary.ts'
import type { Liveness } from './liveness.ts'
import type { Recovery } from './recovery.ts'

export interface Subscription {
  readonly groupId: string
  readonly topic: string
  /**
   * Takes at most `batchMaxMessages` messages of one partition, in order; all partitions that have some are offered at
   * one time. Resolved: handled for good, the offset may be committed. Rejected: the partition stops where it is until
   * the consumer is built anew or gets it back from another, and nothing is lost. `signal` is aborted when the consumer stops or the partition is
   * being taken away: reject, and it is not an error.
   */
  onBatch(batch: { readonly messages: readonly KafkaMessage[]; readonly signal: AbortSignal }): Promise<void>
  readonly observer?: ConsumerObserver | undefined
}

/** What is known of a consumer from one that is built to the next. */
export interface State {
  /** Of the consumer at hand. */
  liveness: Liveness
  readonly recovery: Recovery
  waitsFor: string | undefined
  readonly stoppedPartitions: Map<number, string>
}

export interface Surroundings {
  readonly log: Log
  readonly state: State
  readonly stopping: AbortSignal
}
