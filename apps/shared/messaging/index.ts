export { alarm, duplicate, ignored, notYet, refused } from './decide/decisions.ts'
export type { KafkaOptions } from './kafka/kafka-client.ts'
export { byteaArray, intArray, jsonbArray, textArray, uuidArray } from './lib/arrays.ts'
export { backoffMs } from './lib/backoff.ts'
export { armFailpoint, failpoint } from './lib/failpoint.ts'
export { asError, classify, type Failure, SomebodyWasFaster } from './lib/failures.ts'
export { type Batching, inBatches, TooLate } from './lib/in-batches.ts'
export { pause } from './lib/pause.ts'
export type { CallOutcome, Observer, Outcome } from './observability/observer.ts'
export { type Backlog, readBacklog } from './operations/gauges.ts'
export { type Operations, operationsOf } from './operations/operations.ts'
export { appendToOutbox, type OutboxEvent } from './outbox/outbox.ts'
export { type ParticipantOptions, type RunningParticipant, startParticipant } from './participant.ts'
export { type AggregateInput, type Decided, decideAll } from './transaction/decide-all.ts'
export { jsonbStore } from './transaction/jsonb-store.ts'
export type { TransactionSource } from './types/transaction.ts'
export type {
  Cause,
  Codec,
  Decide,
  Decision,
  EffectCall,
  EffectHandler,
  Input,
  Log,
  Named,
  OpenTransaction,
  Participant,
  Step,
  Store,
  Vocabulary,
} from './types/vocabulary.ts'
export { NotPerformed } from './types/vocabulary.ts'
