import { createRequire } from 'node:module'

interface SubscriptionState {
  isPaused: (this: SubscriptionState, topic: string, partition: number) => boolean
}

const { prototype }: { prototype: SubscriptionState } = createRequire(import.meta.url)(
  'kafkajs/src/consumer/subscriptionState',
)

/**
 * From now on kafkajs asks for nothing of these partitions, although it has them, in every consumer of this process: its
 * loop comes round, its heartbeats are answered, and nobody paused them. @returns what mends it
 */
export function makeDeaf(partitions: readonly number[]): () => void {
  const original = prototype.isPaused
  prototype.isPaused = function (this: SubscriptionState, topic, partition) {
    return partitions.includes(partition) || original.call(this, topic, partition)
  }
  return () => {
    prototype.isPaused = original
  }
}
