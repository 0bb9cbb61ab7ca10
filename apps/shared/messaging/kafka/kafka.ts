import { reasonOf } from '../lib/failures.ts'
import { pause } from '../lib/pause.ts'
import type { Log } from '../types/vocabulary.ts'
import type { KafkaOptions } from './kafka-client.ts'
import { Consumption } from './kafka-consumption.ts'
import { Liveness } from './liveness.ts'
import { Deaf, Recovery } from './recovery.ts'
import type { State, Subscription } from './subscription.ts'

export interface RunningConsumer {
  /** Finishes the batch at hand, commits its offset and leaves the group. */
  stop(): Promise<void>
  /** Why this consumer does not consume all it should; empty when all is well. */
  problems(): readonly string[]
  /**
   * Resolves with the reason when a new consumer is as deaf as the one before it: this process cannot hear any more, and
   * only another one may. It goes on trying. Never rejects.
   */
  readonly lost: Promise<Error>
}

/** A new consumer is built this long after the last one failed. */
const rebuildAfterMs = 500

/** Joins the group and consumes until stopped. A consumer that fails is rebuilt, for ever. Returns at once. */
export function consume(options: KafkaOptions, subscription: Subscription, log: Log): RunningConsumer {
  const stopping = new AbortController()
  const state: State = {
    liveness: new Liveness(),
    recovery: new Recovery(),
    waitsFor: 'has not joined its group yet',
    stoppedPartitions: new Map(),
  }
  const lost = Promise.withResolvers<Error>()
  const keepConsuming = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      state.liveness = new Liveness()
      try {
        await new Consumption(options, subscription, { log, state, stopping: stopping.signal }).run()
      } catch (error) {
        state.waitsFor = `waiting for Kafka at ${options.brokers.join(', ')}: ${reasonOf(error)}`
        log.warn({ group: subscription.groupId }, state.waitsFor)
        if (error instanceof Deaf && state.recovery.deaf(error)) {
          log.error({ group: subscription.groupId, err: error }, isLost)
          lost.resolve(error)
        }
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
    lost: lost.promise,
    problems: () => [
      ...(state.recovery.isLost ? [isLost] : []),
      ...silenceOf(state, options),
      ...(state.waitsFor === undefined ? [] : [state.waitsFor]),
      ...[...state.stoppedPartitions].map(([partition, cause]) => `${subscription.topic}/${partition}: ${cause}`),
    ],
  }
}

const isLost = 'a new consumer is as deaf as the one before it: only a new process may help'

/** A broker that hangs closes no connection: only what it has not said for a while tells. */
function silenceOf({ waitsFor, liveness }: State, { brokers, sessionTimeoutMs }: KafkaOptions): readonly string[] {
  const silentMs = liveness.silentMs()
  if (waitsFor !== undefined || silentMs < sessionTimeoutMs * 2) return []
  return [`Kafka at ${brokers.join(', ')} has not answered for ${Math.round(silentMs / 1_000)} s`]
}
