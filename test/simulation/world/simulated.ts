import type { Participant, Vocabulary } from '#messaging'
import type { NotificationVocabulary } from '../../../apps/notification/vocabulary.ts'
import type { OrderVocabulary } from '../../../apps/order/vocabulary.ts'
import type { PaymentVocabulary } from '../../../apps/payment/vocabulary.ts'
import type { Fold, Item, Verdict } from '../../../apps/shared/messaging/decide/fold.ts'
import type { Choices } from '../campaign/choices.ts'
import type { Faults } from './faults.ts'
import type { Schedule } from './schedule.ts'

/** What is under test, and where planted bugs are planted. */
export interface Build {
  readonly order: Participant<OrderVocabulary>
  readonly payment: Participant<PaymentVocabulary>
  readonly notification: Participant<NotificationVocabulary>
  readonly foldItem: <V extends Vocabulary>(fold: Fold<V>, item: Item<V>) => Verdict<V>
  readonly idempotencyKey: (key: string, attempt: number) => string
  /** Whether an outcome counts only under the token of its lease. */
  readonly isFenced: boolean
}

/** What everything in one run shares. */
export interface Simulated {
  readonly build: Build
  readonly choices: Choices
  readonly schedule: Schedule
  readonly faults: Faults
  /** Left out where nobody reads: words cost more than what they are about. */
  readonly tell?: ((line: string) => void) | undefined
  /** The types of all inputs that changed something and of all events that were said. */
  readonly met: Set<string>
  /** A UUID that nobody else has in this run. */
  readonly newId: () => string
  /** Looks whether everything holds that must hold at every moment. @throws Broken */
  readonly judge: () => void
}

/** Something that must hold does not. */
export class Broken extends Error {
  override readonly name = 'Broken'
}
