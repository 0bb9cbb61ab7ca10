import { expect, test } from 'vitest'
import { eventOf } from '../../../../apps/payment/webhooks/gateway-event.ts'

const event = (type: string, object: object, more: object = {}): string =>
  JSON.stringify({ id: 'evt_1', object: 'event', type, created: 1_790_000_000, data: { object }, ...more })
const kept = { id: 'evt_1', createdAt: new Date(1_790_000_000_000) }

test.each([
  ['payment_intent.succeeded', { object: 'payment_intent', id: 'pi_1', status: 'succeeded' }],
  ['charge.captured', { object: 'charge', id: 'ch_1', payment_intent: 'pi_1' }],
  ['refund.failed', { object: 'refund', id: 're_1', payment_intent: 'pi_1' }],
  ['refund.updated', { object: 'refund', id: 're_1', payment_intent: { id: 'pi_1' } }],
])('%s is about a payment intent, which is looked up', (type, object) => {
  const about = { type, objectId: object.id, paymentId: 'pi_1', isAboutRefunds: object.object === 'refund' }
  expect(eventOf(event(type, object))).toEqual({ ...kept, ...about, is: 'payment' })
})

test('a dispute is for a person, and what is about no payment of ours is nothing to learn from', () => {
  const nothing = { ...kept, paymentId: null, isAboutRefunds: false }
  const dispute = { object: 'dispute', id: 'dp_1', payment_intent: 'pi_1' }
  const type = 'charge.dispute.created'
  expect(eventOf(event(type, dispute))).toEqual({ ...nothing, type, objectId: 'dp_1', is: 'dispute' })
  for (const object of [
    { object: 'customer', id: 'cus_1' },
    { object: 'charge', id: 'ch_1', payment_intent: null },
    { object: 'charge', id: 'ch_1' },
  ]) {
    expect(eventOf(event('some.type', object))).toMatchObject({ is: 'other', paymentId: null })
  }
  expect(eventOf(event('balance.available', { object: 'balance' }))).toMatchObject({ is: 'other', objectId: null })
})

test.each([
  ['no JSON', '{'],
  ['no object', '"evt"'],
  ['an event without an id', event('a.b', { object: 'charge' }, { id: undefined })],
  ['an id that no gateway gives', event('a.b', { object: 'charge' }, { id: 'evt\u0000' })],
  ['an id without end', event('a.b', { object: 'charge' }, { id: 'e'.repeat(256) })],
  ['no time', event('a.b', { object: 'charge' }, { created: 'yesterday' })],
  ['nothing that it is about', event('a.b', {}, { data: {} })],
])('%s is no event', (_name, body) => {
  expect(eventOf(body)).toBeUndefined()
})
