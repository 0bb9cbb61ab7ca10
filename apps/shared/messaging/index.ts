export { byteaArray, intArray, jsonbArray, textArray, uuidArray } from './arrays.ts'
export { backoffMs } from './backoff.ts'
export { type AggregateInput, type Decided, decideAll } from './decide-all.ts'
export { alarm, duplicate, ignored, notYet, refused } from './decisions.ts'
export { armFailpoint, failpoint } from './failpoint.ts'
export { asError, classify, type Failure, SomebodyWasFaster } from './failures.ts'
export { type Backlog, readBacklog } from './gauges.ts'
export { type Batching, inBatches, TooLate } from './in-batches.ts'
export { jsonbStore } from './jsonb-store.ts'
export type { KafkaOptions } from './kafka-client.ts'
export type { CallOutcome, Observer, Outcome } from './observer.ts'
export { type Operations, operationsOf } from './operations.ts'
export { appendToOutbox, type OutboxEvent } from './outbox.ts'
export { type ParticipantOptions, type RunningParticipant, startParticipant } from './participant.ts'
export { pause } from './pause.ts'
export type { TransactionSource } from './transaction.ts'
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
} from './vocabulary.ts'
export { NotPerformed } from './vocabulary.ts'
