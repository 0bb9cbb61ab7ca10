import { alarm, duplicate, ignored } from '#messaging'
import type {
  Addressed,
  MailOutcome,
  Message,
  News,
  Notification,
  NotificationDecision,
  NotificationVocabulary,
  SendMail,
} from './vocabulary.ts'

/** Of one order. They rest in its row, which is read and written whole, and a customer should not get so many. */
export const maxMessages = 250

/** Queues the news, and sends it at once when nothing is under way. */
export function tell(notification: Notification, news: News, at: string): NotificationDecision {
  if (notification.status === 'erased') return ignored
  if (notification.messages.length >= maxMessages) return alarm
  const number = notification.messages.length + 1
  const messages: readonly Message[] = [...notification.messages, { number, news, queuedAt: at, status: 'queued' }]
  return withNextSent({ ...notification, messages })
}

export function outcomeOf(notification: Notification, outcome: MailOutcome): NotificationDecision {
  const sending = notification.messages.find(isSending)
  if (sending === undefined) return alarm
  const ended = endOf(sending, outcome)
  const after = { ...notification, messages: replaced(notification.messages, ended) }
  return withNextSent(after, ...saidOf(notification, ended))
}

/**
 * Forgets the customer. What waits is cancelled; the mail under way is taken back if it never left, else it ends as it
 * ends.
 */
export function erase(notification: Notification): NotificationDecision {
  if (notification.status === 'erased') return duplicate
  const { to: _forgotten, ...rest } = notification
  const messages = notification.messages.map(cancelledIfQueued)
  const decision = { is: 'applied', state: { ...rest, status: 'erased', messages }, events: [], effects: [] } as const
  return messages.some(isSending) ? { ...decision, withdraws: ['SendMail'] } : decision
}

/** At most one is under way: the lane holds one, and a second effect on it would fail loudly. */
function withNextSent(after: Notification, ...events: readonly NotificationVocabulary['said'][]): NotificationDecision {
  const next = after.messages.find(({ status }) => status === 'queued')
  if (after.status === 'erased' || next === undefined || after.messages.some(isSending)) {
    return { is: 'applied', state: after, events, effects: [] }
  }
  const messages = replaced(after.messages, { ...basics(next), status: 'sending' })
  return { is: 'applied', state: { ...after, messages }, events, effects: [mailOf(after, next)] }
}

function mailOf({ to, currency, totalMinor }: Addressed, { number, news }: Message): SendMail {
  return { type: 'SendMail', number, to, currency, totalMinor, news }
}

function endOf(message: Message, outcome: MailOutcome): Message {
  switch (outcome.type) {
    case 'MailSent':
      return { ...basics(message), status: 'sent', providerId: outcome.providerId }
    case 'MailFailed':
      return { ...basics(message), status: 'failed', code: outcome.code }
    case 'MailGaveUp':
      return { ...basics(message), status: 'failed', code: 'outcome_unknown' }
    case 'MailWithdrawn':
      return { ...basics(message), status: 'cancelled' }
  }
}

/** Nothing is said of a mail that was taken back: the erasure is the reason, and it was said already. */
function saidOf({ orderId, merchantId }: Notification, message: Message): readonly NotificationVocabulary['said'][] {
  const about = { orderId, merchantId, kind: message.news.kind, channel: 'email' }
  switch (message.status) {
    case 'sent':
      return [{ type: 'NotificationSent', ...about, providerId: message.providerId }]
    case 'failed':
      return [{ type: 'NotificationFailed', ...about, code: message.code }]
    case 'queued':
    case 'sending':
    case 'cancelled':
      return []
  }
}

function cancelledIfQueued(message: Message): Message {
  return message.status === 'queued' ? { ...message, status: 'cancelled' } : message
}

function replaced(messages: readonly Message[], by: Message): readonly Message[] {
  return messages.map((message) => (message.number === by.number ? by : message))
}

function basics({ number, news, queuedAt }: Message): Pick<Message, 'number' | 'news' | 'queuedAt'> {
  return { number, news, queuedAt }
}

const isSending = ({ status }: Message): boolean => status === 'sending'
