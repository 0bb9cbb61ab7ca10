import { describe, expect, test } from 'vitest'
import { cancellationReasons } from '#contracts'
import { wordsOf } from '../../../apps/notification/templates.ts'
import type { News, SendMail } from '../../../apps/notification/vocabulary.ts'

const orderId = '01990000-0000-7000-8000-000000000001'
const mail = (news: News): SendMail => ({
  type: 'SendMail',
  number: 1,
  to: { email: 'ada@example.com', name: 'Ada' },
  currency: 'EUR',
  totalMinor: 10_000n,
  news,
})

test.each([
  [{ kind: 'order_confirmed', amountMinor: 10_000n }, 'Your order is confirmed', '100.00 EUR'],
  [
    { kind: 'order_cancelled', reason: 'capture_timeout', amountMinor: 0n },
    'Your order is cancelled',
    'You keep your money',
  ],
  [
    { kind: 'order_cancelled', reason: 'customer_request', amountMinor: 7_050n },
    'Your order is cancelled',
    '70.50 EUR goes back to you',
  ],
  [
    { kind: 'order_refunded', amountMinor: 3_000n, full: false },
    'Part of your order is refunded',
    '30.00 EUR of your order over 100.00 EUR',
  ],
  [{ kind: 'order_refunded', amountMinor: 10_000n, full: true }, 'Your order is refunded', 'all of your order'],
  [{ kind: 'refund_failed' }, 'Your refund is delayed', '100.00 EUR'],
] satisfies [News, string, string][])('%o is told as "%s"', (news, subject, sentence) => {
  const words = wordsOf(mail(news), orderId)
  expect(words.subject).toBe(subject)
  for (const text of [words.text, words.html]) {
    expect(text).toContain(sentence)
    expect(text).toContain(`Order ${orderId}`)
    expect(text).toContain('Hello Ada,')
  }
})

test.each(cancellationReasons)('the reason %s has words', (reason) => {
  expect(wordsOf(mail({ kind: 'order_cancelled', reason, amountMinor: 0n }), orderId).text).not.toContain('undefined')
})

describe('a customer', () => {
  test('who types HTML gets it back as text', () => {
    const to = { email: 'ada@example.com', name: `<img src=x onerror="alert('&')">` }
    const { html, text } = wordsOf({ ...mail({ kind: 'refund_failed' }), to }, orderId)
    expect(html).not.toContain('<img')
    expect(html).toContain('&#60;img src=x onerror=&#34;alert(&#39;&#38;&#39;)&#34;&#62;')
    expect(text).toContain(to.name)
  })

  test('without a name is greeted without one', () => {
    const words = wordsOf({ ...mail({ kind: 'refund_failed' }), to: { email: 'ada@example.com' } }, orderId)
    expect(words.text.startsWith('Hello,\n')).toBe(true)
  })
})

test('the same mail gives the same words', () => {
  const news: News = { kind: 'order_confirmed', amountMinor: 1n }
  expect(wordsOf(mail(news), orderId)).toEqual(wordsOf(mail(news), orderId))
})
