import { expect, test } from 'vitest'
import { decidePayment } from '../../../../apps/payment/decide/payment.ts'
import { type Found, factsOf } from '../../../../apps/payment/gateway/look-ups.ts'
import { paymentParticipant } from '../../../../apps/payment/saga.ts'
import type { Payment, PaymentVocabulary } from '../../../../apps/payment/vocabulary.ts'
import { type Fold, foldItem, startFold } from '../../../../apps/shared/messaging/decide/fold.ts'
import { ids, inputNamed, now } from '../decide/inputs.ts'

const refund = { type: 'RefundSucceeded', refundId: 'release', amountMinor: 1_000n } as const
const captured: Found = {
  paymentId: 'pi_1',
  orderId: ids.orderId,
  status: 'succeeded',
  fact: { type: 'Captured', paymentId: 'pi_1', amountMinor: 1_000n, currency: 'EUR' },
  refunds: [refund],
}

test('the intent comes before its refunds, for a refund of what was never taken says nothing', () => {
  expect(factsOf(captured, after('OrderPlaced'))).toEqual([captured.fact, refund])
  expect(factsOf(captured, after('OrderPlaced', 'Held'))).toEqual([captured.fact, refund])
  expect(factsOf(captured, after('OrderPlaced', 'Refused authorise'))).toEqual([captured.fact, refund])
})

test('of another intent only the intent is told, which is an alarm', () => {
  const held = after('OrderPlaced', 'Held')
  const facts = factsOf({ ...captured, paymentId: 'pi_2', fact: inputOf('Captured pi_2') }, held)
  expect(facts).toHaveLength(1)
  expect(facts.map((fact) => decidePayment(held, fact, now))).toEqual([{ is: 'ignored', because: 'alarm' }])
})

test('an intent about which nothing is decided tells nothing', () => {
  expect(factsOf({ ...captured, fact: undefined }, after('OrderPlaced'))).toEqual([])
})

test('what answers an outstanding call settles it, and what leaves it outstanding does not', () => {
  const settles = (payment: Payment, name: string) => {
    const decision = decidePayment(payment, inputNamed(name), now)
    return decision.is === 'applied' ? decision.settles : decision.is
  }
  const capturing = ['OrderPlaced', 'Held', 'OrderConfirmed'] as const
  const refunding = [...capturing, 'Captured', 'refund r1 300'] as const
  expect(settles(after('OrderPlaced'), 'Held')).toEqual(['Authorise'])
  expect(settles(after(...capturing), 'Captured')).toEqual(['Capture'])
  expect(settles(after(...capturing), 'Captured 900')).toEqual(['Capture'])
  expect(settles(after(...capturing, 'Unknown capture'), 'says Refused capture')).toEqual(['Capture'])
  expect(settles(after('OrderPlaced', 'Held', 'OrderCancelled'), 'Gone cancelled')).toEqual(['Void'])
  expect(settles(after(...refunding), 'Refunded r1 300')).toEqual(['Refund'])
  expect(settles(after(...refunding), 'Refunded x 100')).toBeUndefined()
  expect(settles(after(...capturing), 'CustomerErased')).toBeUndefined()
  expect(settles(after(...capturing), 'Unknown capture')).toBeUndefined()
})

test('a call that is called for and answered by what was learned together is never made', () => {
  const fold = learning(after('OrderPlaced', 'Held', 'OrderCancelled'), captured)
  expect(fold.drafts.get(ids.orderId)?.state).toMatchObject({ status: 'refunded', operation: null })
  expect(fold.emitted).toEqual([])
  expect(fold.settled).toEqual([{ key: ids.orderId, type: 'Void' }])
})

function learning(state: Payment, found: Found): Fold<PaymentVocabulary> {
  const never = () => Promise.reject(new Error('no call is made here'))
  const gateway = { authorise: never, capture: never, void: never, refund: never }
  const participant = paymentParticipant(gateway, { gatewayTimeoutMs: 1_000 })
  const row = { state, version: 2, position: { version: 2, eventId: undefined } }
  const fold = startFold(participant, [ids.orderId], { rows: new Map([[ids.orderId, row]]), now })
  for (const input of factsOf(found, state)) {
    foldItem(fold, { key: ids.orderId, input, cause: { id: 'evt_1', traceparent: '' } })
  }
  return fold
}

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

function inputOf(name: string): Found['fact'] {
  const input = inputNamed(name)
  if (input.type !== 'Captured') throw new Error(`${name} is no capture`)
  return input
}
