import { encodeEvent, on, ownJson } from '#contracts'
import type { EffectHandler, Participant } from '#messaging'
import type { Mailer } from './mailer.ts'
import { decideNotification } from './notification.ts'
import { notifications } from './store.ts'
import { wordsOf } from './templates.ts'
import type { MailOutcome, NotificationVocabulary, SendMail } from './vocabulary.ts'

/** The mailer gives up by itself so much earlier. */
const slackMs = 5_000
/** A customer who was not told for a day has found out. A mail server that is away does not age a mail. */
const mailHorizonMs = 24 * 60 * 60 * 1_000

/** The notifications' part: it hears what became of an order and mails its customer, one mail after the other. */
export function notificationParticipant(mailer: Mailer): Participant<NotificationVocabulary> {
  return {
    name: 'notification-service',
    stream: 'notification',
    listensTo: on(
      'order',
      'OrderPlaced',
      'OrderConfirmed',
      'OrderPaid',
      'OrderCancelled',
      'OrderSettlementChanged',
      'OrderRefunded',
      'OrderRefundFailed',
      'OrderOnHold',
      'OrderResumed',
      'CustomerErased',
    ),
    decide: decideNotification,
    store: notifications,
    encode: encodeEvent,
    effects: { SendMail: mailing(mailer) },
    codec: ownJson,
  }
}

function mailing(mailer: Mailer): EffectHandler<SendMail, MailOutcome> {
  return {
    lane: (_mail, orderId) => `${orderId}/mail`,
    idempotencyKey: ({ number }, orderId) => `${orderId}/mail/${number}`,
    timeoutMs: mailer.attemptTimeoutMs + slackMs,
    horizonMs: mailHorizonMs,
    call: (mail, { idempotencyKey, correlationId: orderId, signal }) =>
      mailer.send({ ...wordsOf(mail, orderId), to: mail.to, orderId, idempotencyKey, signal }),
    gaveUp: () => ({ type: 'MailGaveUp' }),
    neverSent: () => ({ type: 'MailWithdrawn' }),
  }
}
