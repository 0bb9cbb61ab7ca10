import type { Addressed, Erased, Message, Notification, SendMail } from '../../../apps/notification/vocabulary.ts'

/** The notifications and the moment that the tests of the aggregate begin with. */
export const ids = {
  orderId: '01990000-0000-7000-8000-000000000001',
  merchantId: '01990000-0000-7000-8000-00000000000a',
}
const placedAt = '2026-11-22T10:00:00.000Z'
export const now = new Date('2026-11-22T10:01:00.000Z')
const message = { queuedAt: placedAt, news: { kind: 'order_confirmed', amountMinor: 10_000n } } as const
export const sending: Message = { ...message, number: 1, status: 'sending' }
export const sent: Message = { ...message, number: 1, status: 'sent', providerId: '250 ok' }
export const queued: Message = {
  ...message,
  number: 2,
  status: 'queued',
  news: { kind: 'order_cancelled', reason: 'customer_request', amountMinor: 10_000n },
}
const facts = {
  ...ids,
  currency: 'EUR',
  totalMinor: 10_000n,
  messages: [],
  createdAt: placedAt,
  updatedAt: placedAt,
}
export const quiet: Addressed = { ...facts, status: 'addressed', to: { email: 'ada@example.com', name: 'Ada' } }
const erased: Erased = { ...facts, status: 'erased' }

export const given = {
  nothing: undefined,
  quiet,
  'one under way': { ...quiet, messages: [sending] },
  'one waiting': { ...quiet, messages: [sending, queued] },
  'one sent': { ...quiet, messages: [sent] },
  erased,
  'erased, one under way': { ...erased, messages: [sending, { ...queued, status: 'cancelled' }] },
} as const satisfies Record<string, Notification | undefined>

export type Given = keyof typeof given

/** The effect that sends this message of `quiet`. */
export function mail({ number, news }: Pick<Message, 'number' | 'news'>): SendMail {
  return { type: 'SendMail', number, news, to: quiet.to, currency: 'EUR', totalMinor: 10_000n }
}
