import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { decidePayment } from '../../../../apps/payment/decide/payment.ts'
import type { Payment } from '../../../../apps/payment/vocabulary.ts'
import { propertySeed } from '../../../support/config.ts'
import { inputNamed, inputs, timeOf } from '../decide/inputs.ts'
import { Books } from './books.ts'

/** Feeds the inputs one after the other. What each is posted as: `hold_placed 1000 EUR`. */
function booksAfter(names: readonly string[]) {
  const books = new Books()
  let payment: Payment | undefined
  for (const [index, name] of ['OrderPlaced', ...names].entries()) {
    const decision = decidePayment(payment, inputNamed(name), timeOf(name))
    if (decision.is !== 'applied') continue
    books.post(payment, decision.state, `m${index}`)
    payment = decision.state
  }
  return books
}
const posted = (...names: string[]) =>
  booksAfter(names).transfers.map(({ kind, amountMinor, currency, cause }) =>
    [kind, amountMinor, currency === 'EUR' ? '' : currency, /^m\d+$/.test(cause) ? '' : cause].join(' ').trimEnd(),
  )

const paid = ['Held', 'OrderConfirmed', 'Captured'] as const
const captured = ['hold_placed 1000', 'hold_captured 1000', 'capture 1000  pi_1']

describe('what is posted', () => {
  it.each([
    ['nothing, when an order is placed and declined', ['Refused authorise'], []],
    ['a hold', ['Held'], ['hold_placed 1000']],
    ['a hold that is taken', paid, captured],
    ['a hold that is let go', ['Held', 'OrderCancelled', 'Gone cancelled'], ['hold_placed 1000', 'hold_released 1000']],
    ['a hold that expires', ['Held', 'Gone expired'], ['hold_placed 1000', 'hold_released 1000']],
    ['a hold of another amount', ['Held 999', 'Gone cancelled'], ['hold_placed 999', 'hold_released 999']],
    ['a hold in another currency', ['Held USD', 'Gone cancelled'], ['hold_placed 1000 USD', 'hold_released 1000 USD']],
    ['a capture whose hold was never heard of', ['Captured'], captured],
    [
      'a capture after the hold was let go: that stays closed',
      ['Held', 'OrderCancelled', 'Gone cancelled', 'Captured'],
      ['hold_placed 1000', 'hold_released 1000', 'capture 1000  pi_1'],
    ],
    [
      'a hold after a decline',
      ['Refused authorise', 'Held', 'Gone cancelled'],
      ['hold_placed 1000', 'hold_released 1000'],
    ],
    ['no capture of an amount that is in doubt', ['Held', 'OrderConfirmed', 'Captured 900'], ['hold_placed 1000']],
    [
      'less than was held, on the word of an operator',
      ['Held', 'OrderConfirmed', 'Captured 900', 'says Captured 900'],
      ['hold_placed 1000', 'hold_captured 1000', 'capture 900  pi_1'],
    ],
    [
      'a capture that an operator puts right',
      [...paid, 'Captured 900', 'says Captured 900'],
      [...captured, 'capture_lowered 100'],
    ],
    [
      'a capture that an operator puts right twice',
      [...paid, 'Captured 900', 'says Captured 900', 'Captured', 'says Captured'],
      [...captured, 'capture_lowered 100', 'capture_raised 100'],
    ],
    ['a refund', [...paid, 'refund r1 300', 'Refunded r1 300'], [...captured, 'refund 300  r1']],
    ['no refund that fails', [...paid, 'refund r1 300', 'RefundFailed r1'], captured],
    ['a refund that somebody made at the gateway', [...paid, 'Refunded x 100'], [...captured, 'refund 100  x']],
    [
      'a refund that the bank sends back',
      [...paid, 'refund r1 300', 'Refunded r1 300', 'RefundFailed r1'],
      [...captured, 'refund 300  r1', 'refund_reversed 300  r1'],
    ],
    [
      'all of it for a cancelled order',
      [...paid, 'OrderCancelled', 'Refunded release 1000'],
      [...captured, 'refund 1000  release'],
    ],
    ['everything once, when it is told again', [...paid, 'Captured', 'Held', 'Captured'], captured],
  ] as const)('%s', (_what, names, expected) => {
    expect(posted(...names)).toEqual(expected)
  })
})

test('whatever comes in whatever order, the books say what the payment says, and nothing twice', () => {
  const kinds = new Set<string>()
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...inputs.keys()), { maxLength: 40 }), (names) => {
      for (const { kind } of booksAfter(names).transfers) kinds.add(kind)
    }),
    { seed: propertySeed, numRuns: 3_000 },
  )
  expect(kinds.size, `only ${[...kinds].join(', ')}`).toBeGreaterThan(4)
})

test('from paid on as well, where refunds fail and are reversed', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...inputs.keys()), { maxLength: 40 }), (names) => {
      expect(booksAfter([...paid, ...names]).balance('gateway_clearing')).toBeGreaterThanOrEqual(0n)
    }),
    { seed: propertySeed, numRuns: 3_000 },
  )
})
