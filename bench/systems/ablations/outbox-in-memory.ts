import type { OutboxEvent } from '../../../apps/shared/messaging/outbox/outbox.ts'
import type { OpenTransaction } from '../../../apps/shared/messaging/types/vocabulary.ts'

export * from '../../../apps/shared/messaging/outbox/outbox.ts'

const said = new WeakMap<object, readonly OutboxEvent[]>()

/** In place of the outbox: remembered with the transaction, for whoever produces them once it has committed. */
export async function appendToOutbox(trx: OpenTransaction, events: readonly OutboxEvent[]): Promise<void> {
  said.set(trx, [...saidIn(trx), ...events])
}

export const saidIn = (trx: OpenTransaction): readonly OutboxEvent[] => said.get(trx) ?? []
