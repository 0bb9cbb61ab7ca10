import type { EventOf } from '#contracts'
import { alarm, duplicate, type Input, ignored, notYet } from '#messaging'
import { erase, outcomeOf, tell } from './messages.ts'
import type { Notification, NotificationDecision, NotificationVocabulary } from './vocabulary.ts'

/**
 * What an order's customer is told, as a state machine over the order's events: each news is a mail, and the next one
 * leaves when the last has its outcome.
 */
export function decideNotification(
  notification: Notification | undefined,
  input: Input<NotificationVocabulary>,
  now: Date,
): NotificationDecision {
  const decision =
    notification === undefined ? decideNew(input, now) : decideExisting(notification, input, now.toISOString())
  if (decision.is !== 'applied') return decision
  return { ...decision, state: { ...decision.state, updatedAt: now.toISOString() } }
}

function decideNew(input: Input<NotificationVocabulary>, now: Date): NotificationDecision {
  switch (input.type) {
    case 'OrderPlaced':
      return { is: 'applied', state: opened(input, now.toISOString()), events: [], effects: [] }
    case 'DeadlineReached':
    case 'MailSent':
    case 'MailFailed':
    case 'MailGaveUp':
    case 'MailWithdrawn':
      return alarm
    default:
      return notYet
  }
}

function decideExisting(
  notification: Notification,
  input: Input<NotificationVocabulary>,
  at: string,
): NotificationDecision {
  switch (input.type) {
    case 'OrderPlaced':
      return duplicate
    case 'OrderConfirmed':
      return tell(notification, { kind: 'order_confirmed', amountMinor: input.totalMinor }, at)
    case 'OrderCancelled':
      return tell(notification, cancelledNews(input), at)
    case 'OrderRefunded':
      return tell(notification, { kind: 'order_refunded', amountMinor: input.amountMinor, full: input.full }, at)
    case 'OrderRefundFailed':
      return tell(notification, { kind: 'refund_failed' }, at)
    case 'CustomerErased':
      return erase(notification)
    case 'MailSent':
    case 'MailFailed':
    case 'MailGaveUp':
    case 'MailWithdrawn':
      return outcomeOf(notification, input)
    case 'OrderPaid':
    case 'OrderSettlementChanged':
    case 'OrderOnHold':
    case 'OrderResumed':
      // No mail on purpose: they are the merchant's business, and a customer has been told what matters to them.
      return ignored
    case 'DeadlineReached':
      return alarm
    default:
      return impossible(input)
  }
}

function opened(placed: EventOf<'OrderPlaced'>, at: string): Notification {
  const { orderId, merchantId, currency, totalMinor, customer } = placed
  return {
    status: 'addressed',
    orderId,
    merchantId,
    currency,
    totalMinor,
    to: customer,
    messages: [],
    createdAt: at,
    updatedAt: at,
  }
}

function cancelledNews({ reason, capturedMinor, refundedMinor }: EventOf<'OrderCancelled'>) {
  return { kind: 'order_cancelled', reason, amountMinor: capturedMinor - refundedMinor } as const
}

function impossible(input: never): never {
  throw new Error(`No such input: ${JSON.stringify(input)}`)
}
