import type { MailOutcome } from '../../../apps/notification/vocabulary.ts'
import type { Reply } from './calls.ts'
import type { Simulated } from './simulated.ts'

/** A mail server, with its own record of what it took: how often, by Message-ID. */
export class MailServer {
  readonly taken = new Map<string, number>()
  readonly #simulated: Simulated
  #awayUntil = 0

  constructor(simulated: Simulated) {
    this.#simulated = simulated
  }

  take(idempotencyKey: string): Reply<MailOutcome> {
    const { schedule, faults } = this.#simulated
    if (faults.strike('the mail server is away')) this.#awayUntil = schedule.now + faults.longMs(6)
    if (schedule.now < this.#awayUntil) return { is: 'lost' }
    if (faults.strike('a mail is refused')) {
      return { is: 'answer', outcome: { type: 'MailFailed', code: '550' } }
    }
    this.taken.set(idempotencyKey, (this.taken.get(idempotencyKey) ?? 0) + 1)
    this.#simulated.tell?.(`mail server: takes ${idempotencyKey}`)
    return { is: 'answer', outcome: { type: 'MailSent', providerId: idempotencyKey } }
  }
}
