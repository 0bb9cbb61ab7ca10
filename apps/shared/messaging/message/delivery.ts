import type { Cause, Participant, Vocabulary } from '../types/vocabulary.ts'
import type { KafkaMessage } from './kafka-message.ts'

/** A message that can be placed: its key, its position in that key's stream, and what it says. */
export interface Delivery<V extends Vocabulary> {
  readonly key: string
  readonly position: { readonly version: number; readonly eventId: string }
  readonly type: string
  readonly cause: Cause
  /** `skipped`: a type that this participant does not listen to, so that producers may add types first. */
  readonly content: V['heard'] | 'skipped' | Undecodable
}

/** The payload is not what its type promises. */
export class Undecodable extends Error {
  override readonly name = 'Undecodable'
}

/** Its key, its version or its id cannot be trusted: it belongs to no aggregate. */
export class Unplaceable extends Error {
  override readonly name = 'Unplaceable'
}

/** What was decided on it could not be written, even alone. */
export class Failing {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

/** In lower case, as PostgreSQL gives it back: keys are compared as text. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Reads one message: its CloudEvents attributes from the headers, its payload by the participant's parser.
 * @throws Unplaceable
 */
export function read<V extends Vocabulary>(participant: Participant<V>, message: KafkaMessage): Delivery<V> {
  const { ce_id: eventId = '', ce_type: type, ce_aggregateversion: version = '', traceparent = '' } = message.headers
  const { key = '' } = message
  if (!uuid.test(key)) throw new Unplaceable('has no key that could be an aggregate’s: a UUID is needed')
  if (!uuid.test(eventId)) throw new Unplaceable('has no header ce_id with a UUID')
  if (!type) throw new Unplaceable('has no header ce_type')
  if (!/^[1-9]\d{0,8}$/.test(version)) throw new Unplaceable('has no header ce_aggregateversion that counts from 1')
  return {
    key,
    position: { version: Number(version), eventId },
    type,
    cause: { id: eventId, traceparent },
    content: contentOf(participant, type, message.value),
  }
}

function contentOf<V extends Vocabulary>(
  participant: Participant<V>,
  type: string,
  value: string | undefined,
): Delivery<V>['content'] {
  const parsers: Readonly<Record<string, (payload: string) => V['heard']>> = participant.listensTo.parse
  // `hasOwn`: a type called `constructor` must not find one.
  const parse = Object.hasOwn(parsers, type) ? parsers[type] : undefined
  if (parse === undefined) return 'skipped'
  try {
    return parse(value ?? '')
  } catch (error) {
    // A parser's message may quote the payload, and this one is shown to operators: only its kind is told.
    return new Undecodable(`${type} does not decode: ${error instanceof Error ? error.name : 'unknown error'}`)
  }
}
