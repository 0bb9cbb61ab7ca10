import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeEvent, encodeEvent, formatJson, parseOwnJson } from '#contracts'
import { maxMessages } from '../../../apps/notification/messages.ts'
import { decideNotification } from '../../../apps/notification/notification.ts'
import type {
  Notification,
  NotificationDecision,
  NotificationVocabulary,
} from '../../../apps/notification/vocabulary.ts'
import { propertySeed } from '../../support/config.ts'
import { given, ids, mail, now, queued, quiet, sent } from './notifications.ts'
import { type NotificationInput, transitions } from './transitions.ts'

const notifications = new Map<string, Notification | undefined>(Object.entries(given))
const rows = Object.values(transitions)
const cells = rows.flatMap(({ input, answers }) =>
  Object.entries(answers).map(([state, answer]) => ({
    state,
    type: input.type,
    answer,
    decision: decideNotification(notifications.get(state), input, now),
  })),
)

describe('a notification decides every input in every state', () => {
  test.each(cells)('$state + $type gives $answer', ({ decision, answer }) => {
    expect(inWords(decision)).toBe(answer)
  })

  test('stamps the state and says what the contract allows', () => {
    for (const { decision } of cells) {
      const { state, events } = decision.is === 'applied' ? decision : { state: undefined, events: [] }
      expect(state?.updatedAt ?? now.toISOString()).toBe(now.toISOString())
      for (const event of events) {
        expect(event).toMatchObject({ ...ids, channel: 'email' })
        expect(decodeEvent(event.type, encodeEvent(event))).toEqual(event)
      }
    }
  })
})

test('an order that is placed gives address, currency and total, and no mail yet', () => {
  expect(decideNotification(undefined, transitions.OrderPlaced.input, now)).toEqual({
    is: 'applied',
    state: { ...quiet, createdAt: now.toISOString(), updatedAt: now.toISOString() },
    events: [],
    effects: [],
  })
})

test.each([
  ['OrderConfirmed', { kind: 'order_confirmed', amountMinor: 10_000n }],
  ['OrderCancelled', { kind: 'order_cancelled', reason: 'capture_timeout', amountMinor: 10_000n }],
  ['OrderRefunded', { kind: 'order_refunded', amountMinor: 3_000n, full: false }],
  ['OrderRefundFailed', { kind: 'refund_failed' }],
] as const)('%s is mailed with what the customer has to know', (type, news) => {
  const decision = decideNotification(quiet, transitions[type].input, now)
  expect(decision).toMatchObject({
    state: { messages: [{ number: 1, news, status: 'sending', queuedAt: now.toISOString() }] },
    effects: [mail({ number: 1, news })],
  })
})

test('the mail that waited leaves as it was queued', () => {
  const decision = decideNotification(given['one waiting'], { type: 'MailSent', providerId: '1' }, now)
  expect(decision).toMatchObject({
    effects: [mail(queued)],
    state: { messages: [{ status: 'sent', providerId: '1' }, { news: queued.news }] },
  })
})

test('a customer who is erased stands nowhere in the state', () => {
  for (const notification of notifications.values()) {
    const decision = decideNotification(notification, { ...ids, type: 'CustomerErased' }, now)
    expect(formatJson(decision)).not.toMatch(/ada/i)
  }
})

test('an order is mailed about so often and then only an alarm is raised', () => {
  const messages = Array.from({ length: maxMessages }, (_, at) => ({ ...sent, number: at + 1 }))
  expect(inWords(decideNotification({ ...quiet, messages }, transitions.OrderConfirmed.input, now))).toBe('alarm')
})

test('in any order of events at most one mail is under way, numbers go up, and outcomes answer effects one to one', () => {
  const inputs = rows.map((row): NotificationInput => row.input)
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...inputs), { maxLength: 40 }), (sequence) => {
      let state: Notification | undefined
      let underWay = 0
      for (const input of [transitions.OrderPlaced.input, ...sequence]) {
        const decision = decideNotification(state, input, now)
        if (decision.is !== 'applied') continue
        underWay += decision.effects.length - (input.type.startsWith('Mail') ? 1 : 0)
        state = decision.state
        const { messages } = state
        expect(messages.filter(({ status }) => status === 'sending')).toHaveLength(underWay)
        expect(underWay).toBeLessThanOrEqual(1)
        expect(messages.map(({ number }) => number)).toEqual(messages.map((_, at) => at + 1))
        expect(underWay === 1 || messages.every(({ status }) => status !== 'queued')).toBe(true)
        expect(parseOwnJson(formatJson(state))).toEqual(state)
      }
    }),
    { seed: propertySeed, numRuns: 1_000 },
  )
})

function inWords(decision: NotificationDecision): string {
  switch (decision.is) {
    case 'applied':
      return appliedInWords(decision)
    case 'ignored':
      return { late: '·', duplicate: '=', alarm: 'alarm' }[decision.because]
    case 'refused':
      return `refused ${decision.because}`
    case 'notYet':
      return 'not yet'
  }
}

function appliedInWords({
  state,
  events,
  effects,
  withdraws,
}: Extract<NotificationDecision, { is: 'applied' }>): string {
  const messages = state.messages.map(({ status }) => status).join(' ') || 'none'
  const said = events.map((event) => ` [${eventInWords(event)}]`).join('')
  const sends = effects.map(({ number }) => ` {${number}}`).join('')
  return `${messages}${said}${sends}${withdraws === undefined ? '' : `, withdraws ${withdraws.join(' ')}`}`
}

function eventInWords(event: NotificationVocabulary['said']): string {
  switch (event.type) {
    case 'NotificationSent':
      return `${event.type} ${event.kind} ${event.providerId}`
    case 'NotificationFailed':
      return `${event.type} ${event.kind} ${event.code}`
    default:
      return event.type
  }
}
