import { messageHandler } from './consumer/consumer.ts'
import { keepDeadlines } from './deadlines.ts'
import { startEffectRunner } from './effects/effects.ts'
import { consume } from './kafka/kafka.ts'
import type { KafkaOptions } from './kafka/kafka-client.ts'
import { pause } from './lib/pause.ts'
import type { Observer } from './observability/observer.ts'
import { Troubles } from './observability/troubles.ts'
import { startRedriver } from './parking/redriver.ts'
import type { TransactionSource } from './types/transaction.ts'
import type { Log, Participant, Vocabulary } from './types/vocabulary.ts'

export interface ParticipantOptions<V extends Vocabulary = Vocabulary> {
  /** A pool of the service's own schema: its tables and the library's. */
  readonly db: TransactionSource
  readonly kafka: KafkaOptions
  readonly log: Log
  /** Counts and times the work. Left out: nobody does. */
  readonly observer?: Observer<V> | undefined
}

export interface RunningParticipant {
  /**
   * Takes nothing new, finishes the batch at hand and leaves the group. Calls to the outside have `timeoutMs` to end;
   * what has not ended by then is called again elsewhere when its lease is over, under the same key.
   */
  stop(options: { readonly timeoutMs: number }): Promise<void>
  /** Why this participant does not do its work: empty when it is ready. */
  problems(): readonly string[]
  /**
   * Resolves with the reason when this process cannot hear any more, whatever is built anew: end it with an exit code other
   * than 0, so that a supervisor starts another one. Until then it goes on trying. Never rejects.
   */
  readonly lost: Promise<Error>
}

/**
 * Consumes, calls and keeps deadlines until stopped. Returns at once; while Kafka or the database cannot be reached it
 * keeps trying, says so in the log, and `problems` names what it waits for. After a crash at any point it goes on
 * where the last committed transaction left off.
 */
export function startParticipant<V extends Vocabulary>(
  participant: Participant<V>,
  { db, kafka, log, observer }: ParticipantOptions<V>,
): RunningParticipant {
  const stopping = new AbortController()
  const troubles = new Troubles()
  const surroundings = { db, participant, log, troubles, observer }
  const effects = startEffectRunner(surroundings, stopping.signal)
  const options = { ...surroundings, caller: effects }
  const deadlines = keepDeadlines(options, stopping.signal)
  const redriver = startRedriver(options, stopping.signal)
  const subscription = {
    groupId: participant.name,
    topic: participant.listensTo.topic,
    observer,
    onBatch: messageHandler({ ...options, onParked: redriver.wake }),
  }
  const consumer = consume(kafka, subscription, log)
  return {
    lost: consumer.lost,
    problems: () => [...consumer.problems(), ...troubles.lasting()],
    stop: async ({ timeoutMs }) => {
      stopping.abort()
      await Promise.all([consumer.stop(), deadlines, redriver.ended])
      const late = new AbortController()
      const outOfTime = pause(timeoutMs, late.signal).then(() => {
        if (!late.signal.aborted) log.warn({}, 'calls are under way: they are made again when their leases are over')
      })
      await Promise.race([effects.ended(), outOfTime])
      late.abort()
    },
  }
}
