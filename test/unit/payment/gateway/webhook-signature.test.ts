import Stripe from 'stripe'
import { expect, test } from 'vitest'
import { signatureOf } from '../../../../apps/payment/gateway/stripe/webhook-signature.ts'

const secret = 'whsec_of_today'
const payload = '{"id":"evt_1","über":"ja"}'
const bytes = new TextEncoder().encode(payload)
const secondsAgo = (seconds: number): number => Math.floor(Date.now() / 1_000) - seconds
const signed = (how: { secret?: string; timestamp?: number; payload?: string } = {}): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, ...how })

test('a signature over these bytes is valid for five minutes', () => {
  expect(signatureOf(bytes, signed(), [secret])).toBe('valid')
  expect(signatureOf(bytes, signed({ timestamp: secondsAgo(290) }), [secret])).toBe('valid')
  expect(signatureOf(bytes, signed({ timestamp: secondsAgo(310) }), [secret])).toBe('stale')
})

test('while a secret is replaced, either is taken, and a header that is signed with both', () => {
  const both = ['whsec_of_tomorrow', secret]
  expect(signatureOf(bytes, signed(), both)).toBe('valid')
  expect(signatureOf(bytes, signed({ secret: 'whsec_of_tomorrow' }), both)).toBe('valid')
  const timestamp = secondsAgo(0)
  const [, other] = signed({ secret: 'whsec_of_tomorrow', timestamp }).split(',')
  expect(signatureOf(bytes, `${signed({ timestamp })},${other}`, ['whsec_of_tomorrow'])).toBe('valid')
  expect(signatureOf(bytes, signed({ timestamp: secondsAgo(310) }), both)).toBe('stale')
})

test.each([
  ['another secret', bytes, signed({ secret: 'whsec_of_nobody' })],
  ['another body', new TextEncoder().encode('{"id":"evt_2"}'), signed()],
  ['a body that was parsed and written again', new TextEncoder().encode('{"id": "evt_1","über":"ja"}'), signed()],
  ['another time than was signed', bytes, signed().replace(/t=\d+/, `t=${secondsAgo(1)}`)],
  ['a scheme that nobody signs with any more', bytes, signed().replace('v1=', 'v0=')],
  ['no header', bytes, ''],
  ['a header of words', bytes, 'let me in'],
  ['a signature of nothing', bytes, 't=1,v1='],
  ['a signature that is no hexadecimal', bytes, `t=1,v1=${'ü'.repeat(64)}`],
  ['no body', new Uint8Array(), signed()],
  ['bytes that are no text', Uint8Array.of(0xff, 0xfe), signed()],
])('%s is forged', (_name, body, header) => {
  expect(signatureOf(body, header, [secret, 'whsec_of_tomorrow'])).toBe('forged')
})
