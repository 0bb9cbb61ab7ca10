import { handleBatch } from './consumer.ts'
import { keepDeadlines } from './deadlines.ts'
import { startEffectRunner } from './effects.ts'
import { consume, type KafkaOptions } from './kafka.ts'
import type { TransactionSource } from './transaction.ts'
import type { Log, Participant, Vocabulary } from './vocabulary.ts'

export interface ParticipantOptions {
  /** A pool of the service's own schema: its tables and the library's. */
  readonly db: TransactionSource
  readonly kafka: KafkaOptions
  readonly log: Log
}

export interface RunningParticipant {
  /** Takes nothing new, finishes what is under way and leaves the group; rejects when that takes longer. */
  stop(options: { readonly timeoutMs: number }): Promise<void>
  /** Why this participant does not do its work: empty when it is ready. */
  problems(): readonly string[]
}

/**
 * Consumes, calls and keeps deadlines until stopped. Returns at once; while Kafka or the database cannot be reached it
 * keeps trying, says so in the log, and `problems` names what it waits for. After a crash at any point it goes on
 * where the last committed transaction left off.
 */
export function startParticipant<V extends Vocabulary>(
  participant: Participant<V>,
  { db, kafka, log }: ParticipantOptions,
): RunningParticipant {
  const stopping = new AbortController()
  const options = { db, participant, log }
  const effects = startEffectRunner(options, stopping.signal)
  const deadlines = keepDeadlines({ ...options, decided: () => effects.wake() }, stopping.signal)
  const subscription = {
    groupId: participant.name,
    topic: participant.listensTo.topic,
    onBatch: async (messages: Parameters<typeof handleBatch>[1], signal: AbortSignal) => {
      await handleBatch(options, messages, signal)
      effects.wake()
    },
  }
  const consumer = consume(kafka, subscription, log)
  return {
    problems: () => consumer.problems(),
    stop: async ({ timeoutMs }) => {
      stopping.abort()
      const ended = Promise.all([consumer.stop(), effects.ended, deadlines])
      await Promise.race([ended, rejectAfter(timeoutMs, `${participant.name} did not stop within ${timeoutMs} ms`)])
    },
  }
}

function rejectAfter(ms: number, reason: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(reason)), ms).unref()
  })
}
