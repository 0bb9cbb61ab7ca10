import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Mailer } from '../../../apps/notification/mailer.ts'

/** In place of the mail server: takes every mail within the process. The effect's row, lease and outcome are real. */
export function smtpMailer(): Mailer {
  return {
    attemptTimeoutMs: 30_000,
    send: async ({ idempotencyKey }) => {
      await nextTurn()
      return { type: 'MailSent', providerId: idempotencyKey }
    },
    open: () => Promise.resolve(),
    close: () => undefined,
  }
}
