import { describe, expect, it } from 'vitest'
import { violations } from '../../chaos/invariants.ts'
import type { Facts } from '../../chaos/witnesses.ts'

// Judges that cannot find anything guilty prove nothing: each thing that may go wrong is shown to them once.

const id = '01a205fb-0000-7000-8000-000000000001'
const tally = (count: number, amountMinor = count * 2_580) => ({ count, amountMinor })

/** One order, paid, with everything that belongs to it. */
const sound: Facts = {
  placed: [{ wish: 'paid', mark: 'm', id, placing: request('ok') }],
  requests: [],
  orders: [
    {
      id,
      mark: 'm',
      version: 3,
      sourceVersion: 2,
      status: 'paid',
      settled: true,
      onHold: false,
      currency: 'EUR',
      totalMinor: 2_580,
      capturedMinor: 2_580,
      refundedMinor: 0,
    },
  ],
  payments: [{ id, version: 2, sourceVersion: 3 }],
  notifications: [{ id, version: 1, sourceVersion: 3 }],
  history: [
    { of: 'order_service', id, type: 'PlaceOrder', cause: 'c1', status: 'pending' },
    { of: 'order_service', id, type: 'PaymentAuthorized', cause: 'c2', status: 'confirmed' },
    { of: 'order_service', id, type: 'PaymentCaptured', cause: 'c3', status: 'paid' },
    { of: 'notification_service', id, type: 'MailSent', cause: 'c4', status: null },
  ],
  said: [
    { id: 'e1', stream: 'order', key: id, type: 'OrderPlaced', version: 1 },
    { id: 'e2', stream: 'order', key: id, type: 'OrderConfirmed', version: 2 },
  ],
  messages: [
    { topic: 'order.events', partition: 0, key: id, type: 'OrderPlaced', version: 1, id: 'e1', payload: {} },
    { topic: 'order.events', partition: 0, key: id, type: 'OrderConfirmed', version: 2, id: 'e2', payload: {} },
    // Shipped twice, which is allowed.
    { topic: 'order.events', partition: 0, key: id, type: 'OrderPlaced', version: 1, id: 'e1', payload: {} },
  ],
  charges: [
    {
      orderId: id,
      currency: 'eur',
      authorised: tally(1),
      captured: tally(1),
      refunded: tally(0),
      voided: tally(0),
      netMinor: 2_580,
      intents: [{ id: 'pi_1', status: 'succeeded' }],
    },
  ],
  clearing: [{ orderId: id, currency: 'EUR', balanceMinor: 2_580 }],
  // One of them came twice.
  mails: [
    { orderId: id, messageId: '<1@example.com>' },
    { orderId: id, messageId: '<1@example.com>' },
  ],
  orderIds: new Set([id]),
  effects: [],
  parkedKeys: [],
  parkedMessages: [],
}

function request(result: 'ok' | 'refused' | 'unknown') {
  const sent = { does: 'place', mark: 'm', key: 'k', path: '/orders', body: {}, at: 0 } as const
  return { ...sent, answeredAt: 1, result, status: 202, text: '' }
}

const [order] = sound.orders
const [charge] = sound.charges
const [first, second] = sound.messages
const ordered = (more: object): Pick<Facts, 'orders'> => ({
  orders: order === undefined ? [] : [{ ...order, ...more }],
})
const charged = (more: object): Pick<Facts, 'charges'> => ({
  charges: charge === undefined ? [] : [{ ...charge, ...more }],
})

const wished = (wish: 'cancelled' | 'refunded', does: 'cancel' | 'refund'): Partial<Facts> => ({
  placed: [{ wish, mark: 'm', id, placing: request('ok') }],
  requests: [{ ...request('ok'), does }],
})

const guilty: readonly (readonly [what: string, facts: Partial<Facts>, words: string])[] = [
  ['an acknowledged order is gone', { orders: [] }, 'was acknowledged and does not exist'],
  ['an order exists twice', { orders: [...sound.orders, ...sound.orders] }, 'exists 2 times'],
  [
    'a refused order exists',
    { placed: [{ wish: 'paid', mark: 'm', id: undefined, placing: request('refused') }] },
    'was refused and exists',
  ],
  ['an order hangs', ordered({ status: 'confirmed', settled: false }), 'has not ended'],
  ['a cancelled order waits for its money', ordered({ status: 'cancelled', settled: false }), 'has not ended'],
  ['a customer is charged twice', charged({ captured: tally(2) }), 'captured more than once'],
  ['a customer is charged in another currency', charged({ currency: 'usd' }), 'another currency'],
  ['a paid order was never charged', { charges: [] }, 'was not charged its total'],
  ['more went back than came', charged({ refunded: tally(2) }), 'got back more'],
  ['the gateway knows other amounts', charged({ netMinor: 2_000 }), 'other amounts than the gateway'],
  ['a capture is not in the books', { clearing: [] }, 'the ledger has 0 and the gateway 2580'],
  [
    'a movement stands twice in the books',
    { clearing: [{ orderId: id, currency: 'EUR', balanceMinor: 5_160 }] },
    'the ledger has 5160',
  ],
  [
    'the books are in another currency',
    { clearing: [{ orderId: id, currency: 'USD', balanceMinor: 2_580 }] },
    'the ledger has 2580 and the gateway 0',
  ],
  ['the books have what the gateway never took', { charges: [] }, 'the ledger has 2580 and the gateway 0'],
  ['a cancelled order keeps the money', ordered({ status: 'cancelled' }), 'its money was kept'],
  ['money is held for ever', charged({ intents: [{ id: 'pi', status: 'requires_capture' }] }), 'money is held'],
  ['a customer is authorised twice', charged({ authorised: tally(2) }), 'authorised more than once'],
  ['an order waits for a person', ordered({ onHold: true }), 'has not ended'],
  [
    'a stranger is charged',
    { charges: charge === undefined ? [] : [charge, { ...charge, orderId: 'nobody' }] },
    'a charge for an order that does not exist',
  ],
  [
    'a stranger is written to',
    { mails: [...sound.mails, { orderId: 'nobody', messageId: '<3>' }] },
    'a mail for an order',
  ],
  ['an order is cancelled by nobody', ordered({ status: 'cancelled' }), 'was cancelled by nobody'],
  ['a cancellation that was acknowledged is forgotten', wished('cancelled', 'cancel'), 'is not cancelled'],
  ['a refund that was acknowledged is forgotten', wished('refunded', 'refund'), 'has not had back 580'],
  ['an event is lost', { messages: first === undefined ? [] : [first] }, 'is not on Kafka'],
  ['an event was rolled back and shipped', { said: sound.said.slice(0, 1) }, 'was never said'],
  [
    'events are shipped in another order',
    { messages: first === undefined || second === undefined ? [] : [second, first] },
    'out of order',
  ],
  ['a message is handled twice', { history: [...sound.history, ...sound.history.slice(1, 2)] }, 'handled 2 times'],
  ['a consumer has missed a message', { payments: [{ id, version: 2, sourceVersion: 2 }] }, 'has heard 2 of 3'],
  ['a consumer has never heard of it', { notifications: [] }, 'has heard 0 of 3'],
  ['an answer is missed', ordered({ sourceVersion: 1 }), 'has heard 1 of 2'],
  ['a customer is not told', { mails: [] }, 'nobody was told'],
  [
    'one mail goes out under two names',
    { mails: [...sound.mails, { orderId: id, messageId: '<2@example.com>' }] },
    '1 mails were sent under 2 names',
  ],
  [
    'an order goes where it may not',
    { history: [...sound.history, { of: 'order_service', id, type: 'X', cause: 'c5', status: 'pending' }] },
    'from paid to pending',
  ],
  ['a call is left over', { effects: [{ of: 'payment_service', key: id }] }, 'a call is outstanding'],
  ['a message is parked', { parkedKeys: [{ of: 'payment_service', key: id }] }, 'is parked'],
  ['a parked message is orphaned', { parkedMessages: [{ of: 'payment_service', key: id }] }, 'has no key'],
]

describe('the judgement of a load', () => {
  it('is that all is well when all is well', () => {
    expect(violations(sound)).toEqual([])
  })

  it.each(guilty)('notices that %s', (_what, wrong, words) => {
    expect(violations({ ...sound, ...wrong })).toEqual(expect.arrayContaining([expect.stringContaining(words)]))
  })
})
