import { expect, test } from 'vitest'
import { decidePayment } from '../../../../apps/payment/decide/payment.ts'
import type { Found } from '../../../../apps/payment/gateway/look-ups.ts'
import { factOf, truth } from '../../../../apps/payment/review/truth.ts'
import type { Payment } from '../../../../apps/payment/vocabulary.ts'
import { expiresAt, ids, inputNamed, now } from '../decide/inputs.ts'

const eur = { amountMinor: 1_000n, currency: 'EUR' } as const
const held = { type: 'Held', paymentId: 'pi_1', ...eur, expiresAt } as const
const found: Found = { paymentId: 'pi_1', orderId: ids.orderId, status: 'requires_capture', fact: held, refunds: [] }
const authorising = after('OrderPlaced', 'Unknown authorise')
const capturing = after('OrderPlaced', 'Held', 'OrderConfirmed', 'GaveUp capture')
const refunding = after('OrderPlaced', 'Held', 'OrderConfirmed', 'Captured', 'refund r1 300', 'GaveUp refund r1')

test('what is left out is what the payment knows', () => {
  const said = { is: 'captured', amountMinor: 900n } as const
  expect(factOf(said, capturing, undefined)).toEqual({ type: 'Captured', paymentId: 'pi_1', ...eur, amountMinor: 900n })
  expect(factOf({ is: 'held' }, capturing, undefined)).toEqual(held)
  const gone = { is: 'gone', because: 'expired' } as const
  expect(factOf(gone, capturing, undefined)).toEqual({ type: 'Gone', paymentId: 'pi_1', because: 'expired' })
})

test('or what the gateway was found to have; and what nobody knows must be given', () => {
  expect(factOf({ is: 'held' }, authorising, found)).toEqual(held)
  expect(() => factOf({ is: 'held' }, authorising, undefined)).toThrow('not valid')
  expect(() => factOf({ is: 'held', paymentId: 'pi_7' }, authorising, undefined)).toThrow('not valid')
  const given = { is: 'held', paymentId: 'pi_7', expiresAt } as const
  expect(factOf(given, authorising, undefined)).toEqual({ ...held, paymentId: 'pi_7' })
})

test('a refusal is that of what is in doubt, and of a refund it is said otherwise', () => {
  const said = { is: 'refused', code: 'card_declined' } as const
  expect(factOf(said, authorising, undefined)).toMatchObject({ type: 'Refused', operation: 'authorise' })
  expect(factOf(said, capturing, undefined)).toMatchObject({ operation: 'capture' })
  expect(() => factOf(said, refunding, undefined)).toThrow('refund_failed')
})

test('refunds are named', () => {
  expect(factOf({ is: 'refund_made', refundId: 'r1', amountMinor: 300n }, refunding, undefined)).toEqual({
    type: 'RefundSucceeded',
    refundId: 'r1',
    amountMinor: 300n,
  })
  expect(factOf({ is: 'refund_failed', refundId: 'r1', code: 'lost' }, refunding, undefined)).toEqual({
    type: 'RefundFailed',
    refundId: 'r1',
    code: 'lost',
  })
})

test.each([
  { is: 'captured' },
  { is: 'captured', amountMinor: 1.5 },
  { is: 'captured', amountMinor: -1 },
  { is: 'gone' },
  { is: 'refunded', refundId: 'r1', amountMinor: 1 },
  { is: 'refund_made', refundId: 'r\0', amountMinor: 1 },
  { is: 'held', amount: 5 },
])('%o is not a truth', (said) => {
  expect(truth.safeParse(said).success).toBe(false)
})

function after(...names: readonly string[]): Payment {
  let payment: Payment | undefined
  for (const name of names) {
    const decision = decidePayment(payment, inputNamed(name), now)
    if (decision.is !== 'applied') throw new Error(`${name} is ${decision.is}`)
    payment = decision.state
  }
  if (payment === undefined) throw new Error('There is no payment')
  return payment
}
