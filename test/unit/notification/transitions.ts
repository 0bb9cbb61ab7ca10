import type { Input } from '#messaging'
import type { NotificationVocabulary } from '../../../apps/notification/vocabulary.ts'
import { type Given, ids } from './notifications.ts'

export type NotificationInput = Input<NotificationVocabulary>

interface Row<Type extends NotificationInput['type']> {
  readonly input: Extract<NotificationInput, { type: Type }>
  /**
   * The messages in the new state, `[events]`, `{effects with the number of their message}`; `·` ignored, `=` the same
   * answer. The compiler wants an answer for each state.
   */
  readonly answers: Readonly<Record<Given, string>>
}

const totals = { capturedMinor: 10_000n, refundedMinor: 0n }
const afterErasure = (answer: string) => ({ erased: answer, 'erased, one under way': answer })
/** A news queues a message, which leaves when nothing is under way. */
const news = {
  nothing: 'not yet',
  quiet: 'sending {1}',
  'one under way': 'sending queued',
  'one waiting': 'sending queued queued',
  'one sent': 'sent sending {2}',
  ...afterErasure('·'),
}
const everywhere = (answer: string) => ({
  quiet: answer,
  'one under way': answer,
  'one waiting': answer,
  'one sent': answer,
  ...afterErasure(answer),
})
/** Of the mail under way, after which the next one leaves, but not to somebody who wants to be forgotten. */
const outcome = (ended: string, event = '') => ({
  nothing: 'alarm',
  quiet: 'alarm',
  'one under way': `${ended}${event}`,
  'one waiting': `${ended} sending${event} {2}`,
  'one sent': 'alarm',
  erased: 'alarm',
  'erased, one under way': `${ended} cancelled${event}`,
})

/** What the notification part of the saga says, cell by cell, written by hand. */
export const transitions: { readonly [Type in NotificationInput['type']]: Row<Type> } = {
  OrderPlaced: {
    input: {
      ...ids,
      type: 'OrderPlaced',
      currency: 'EUR',
      totalMinor: 10_000n,
      items: [],
      customer: { email: 'ada@example.com', name: 'Ada' },
      paymentMethod: 'pm_card_visa',
      payBy: '2026-11-22T10:15:00.000Z',
    },
    answers: { nothing: 'none', ...everywhere('=') },
  },
  OrderConfirmed: { input: { ...ids, type: 'OrderConfirmed', totalMinor: 10_000n }, answers: news },
  OrderCancelled: {
    input: { ...ids, type: 'OrderCancelled', reason: 'capture_timeout', settled: false, ...totals },
    answers: news,
  },
  OrderRefunded: {
    input: {
      ...ids,
      ...totals,
      type: 'OrderRefunded',
      refundId: 'r1',
      amountMinor: 3_000n,
      refundedMinor: 3_000n,
      full: false,
    },
    answers: news,
  },
  OrderRefundFailed: {
    input: { ...ids, ...totals, type: 'OrderRefundFailed', refundId: 'r1', code: 'insufficient_funds' },
    answers: news,
  },
  OrderPaid: {
    input: { ...ids, type: 'OrderPaid', capturedMinor: 10_000n },
    answers: { nothing: 'not yet', ...everywhere('·') },
  },
  OrderSettlementChanged: {
    input: { ...ids, type: 'OrderSettlementChanged', settled: true, ...totals },
    answers: { nothing: 'not yet', ...everywhere('·') },
  },
  OrderOnHold: {
    input: { ...ids, type: 'OrderOnHold', reason: 'gave up' },
    answers: { nothing: 'not yet', ...everywhere('·') },
  },
  OrderResumed: {
    input: { ...ids, type: 'OrderResumed', reason: 'captured' },
    answers: { nothing: 'not yet', ...everywhere('·') },
  },
  CustomerErased: {
    input: { ...ids, type: 'CustomerErased' },
    answers: {
      nothing: 'not yet',
      quiet: 'none',
      'one under way': 'sending, withdraws SendMail',
      'one waiting': 'sending cancelled, withdraws SendMail',
      'one sent': 'sent',
      ...afterErasure('='),
    },
  },
  MailSent: {
    input: { type: 'MailSent', providerId: '250 2.0.0 queued as 7' },
    answers: outcome('sent', ' [NotificationSent order_confirmed 250 2.0.0 queued as 7]'),
  },
  MailFailed: {
    input: { type: 'MailFailed', code: '550' },
    answers: outcome('failed', ' [NotificationFailed order_confirmed 550]'),
  },
  MailGaveUp: {
    input: { type: 'MailGaveUp' },
    answers: outcome('failed', ' [NotificationFailed order_confirmed outcome_unknown]'),
  },
  MailWithdrawn: { input: { type: 'MailWithdrawn' }, answers: outcome('cancelled') },
  DeadlineReached: { input: { type: 'DeadlineReached' }, answers: { nothing: 'alarm', ...everywhere('alarm') } },
}
