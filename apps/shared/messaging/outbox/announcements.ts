import type { OpenTransaction } from '../types/vocabulary.ts'
import { appendToOutbox } from './outbox.ts'

/** What the machinery itself has to say. Nobody's saga listens: version 0, not gated. */
export interface Announcement {
  readonly type: 'MessageParked' | 'MessageDead' | 'MessageRedriven' | 'MessageDiscarded' | 'EffectGaveUp'
  /** The key it is about. */
  readonly subject: string
  /** Why, in a word or a person's sentence. */
  readonly cause: string
  /** A participant, or an operator's name. */
  readonly who: string
}

/** Says it on `operations.events`, through the outbox, in your transaction. */
export async function announce(
  trx: OpenTransaction,
  source: string,
  announcements: readonly Announcement[],
): Promise<void> {
  await appendToOutbox(
    trx,
    announcements.map(({ type, ...payload }) => ({
      stream: 'operations',
      key: payload.subject,
      type,
      version: 0,
      payload: JSON.stringify(payload),
      correlationId: payload.subject,
      causationId: '',
      traceparent: '',
      source,
    })),
  )
}
