import { expect, test } from 'vitest'
import { type Operation, operate } from '../../../apps/simulators/gateway/engine/intents.ts'
import type { Charge, Intent } from '../../../apps/simulators/gateway/engine/state.ts'

const clock = { now: 1_000, holdSeconds: 100, refundSettlesAtMs: 1_000_500 }
const about = {
  id: 'pi_1',
  amount: 1200,
  currency: 'eur',
  captureMethod: 'manual',
  paymentMethod: 'pm_card_visa',
  metadata: { orderId: 'o1' },
  created: 900,
} as const
const charge: Charge = {
  id: 'ch_0',
  card: { brand: 'visa', last4: '4242' },
  authorised: 1200,
  captured: 0,
  refunded: 0,
  created: 950,
  captureBefore: 1_050,
}
const states: Record<Intent['status'], Intent> = {
  requires_payment_method: { ...about, status: 'requires_payment_method', paymentMethod: null },
  requires_confirmation: { ...about, status: 'requires_confirmation' },
  requires_action: { ...about, status: 'requires_action' },
  requires_capture: { ...about, status: 'requires_capture', charge },
  succeeded: { ...about, status: 'succeeded', charge: { ...charge, captured: 1200 } },
  canceled: { ...about, status: 'canceled', reason: null, canceledAt: 990, charge },
}
const operations = {
  confirm: { type: 'confirm', chargeId: 'ch_1' },
  capture: { type: 'capture' },
  cancel: { type: 'cancel', reason: 'abandoned' },
  refund: { type: 'refund', refundId: 're_1', amount: 200, reason: null, metadata: {} },
} as const satisfies Record<string, Operation>
const unexpected = 'payment_intent_unexpected_state'

test.each([
  ['requires_payment_method', { confirm: unexpected, capture: unexpected, cancel: 'canceled', refund: unexpected }],
  [
    'requires_confirmation',
    { confirm: 'requires_capture', capture: unexpected, cancel: 'canceled', refund: unexpected },
  ],
  ['requires_action', { confirm: 'requires_capture', capture: unexpected, cancel: 'canceled', refund: unexpected }],
  ['requires_capture', { confirm: unexpected, capture: 'succeeded', cancel: 'canceled', refund: unexpected }],
  ['succeeded', { confirm: unexpected, capture: unexpected, cancel: unexpected, refund: 'succeeded' }],
  ['canceled', { confirm: unexpected, capture: unexpected, cancel: unexpected, refund: unexpected }],
] as const)('%s takes every operation: it moves on or is refused unchanged', (status, expected) => {
  const before = states[status]
  const outcomes = Object.values(operations).map((operation) => {
    const { did, intent, error } = operate(before, operation, clock)
    const soundly = (did === 'refused') === (intent === before)
    return [operation.type, soundly && (error?.code ?? intent.status)]
  })
  expect(Object.fromEntries(outcomes)).toEqual(expected)
})

test.each([
  ['pm_card_visa', 'requires_capture', undefined],
  ['pm_card_mastercard', 'requires_capture', undefined],
  ['pm_card_amex', 'requires_capture', undefined],
  ['pm_card_authenticationRequired', 'requires_action', undefined],
  ['pm_card_chargeDeclined', 'requires_payment_method', 'card_declined/generic_decline'],
  ['pm_card_chargeDeclinedInsufficientFunds', 'requires_payment_method', 'card_declined/insufficient_funds'],
  ['pm_card_chargeDeclinedExpiredCard', 'requires_payment_method', 'expired_card/expired_card'],
  ['pm_card_chargeDeclinedIncorrectCvc', 'requires_payment_method', 'incorrect_cvc/incorrect_cvc'],
  ['pm_card_chargeDeclinedProcessingError', 'requires_payment_method', 'processing_error/processing_error'],
  ['pm_card_unheard', 'requires_confirmation', 'resource_missing'],
])('confirming with %s gives %s', (paymentMethod, ...expected) => {
  const { intent, error } = operate(states.requires_confirmation, { ...operations.confirm, paymentMethod }, clock)
  expect([intent.status, error && [error.code, error.declineCode].filter(Boolean).join('/')]).toEqual(expected)
})

test('a declined card leaves the intent open for another one', () => {
  const declined = operate(
    states.requires_confirmation,
    { ...operations.confirm, paymentMethod: 'pm_card_chargeDeclined' },
    clock,
  )
  expect(declined.intent).toMatchObject({ paymentMethod: null, decline: { chargeId: 'ch_1' } })
  const again = operate(declined.intent, { type: 'confirm', chargeId: 'ch_2', paymentMethod: 'pm_card_visa' }, clock)
  expect(again.intent).toMatchObject({ status: 'requires_capture', charge: { id: 'ch_2', captureBefore: 1_100 } })
})

test('takes the money at once when capture is automatic', () => {
  const { did, intent } = operate(
    { ...states.requires_confirmation, captureMethod: 'automatic' },
    operations.confirm,
    clock,
  )
  expect([did, intent]).toMatchObject(['captured', { status: 'succeeded', charge: { captured: 1200 } }])
})

test('captures a part once and lets the rest go', () => {
  const { intent } = operate(states.requires_capture, { type: 'capture', amount: 700 }, clock)
  expect(intent).toMatchObject({ status: 'succeeded', charge: { authorised: 1200, captured: 700 } })
  expect(operate(states.requires_capture, { type: 'capture', amount: 1201 }, clock).error?.code).toBe(
    'amount_too_large',
  )
})

test('never gives back more than was taken', () => {
  const first = operate(states.succeeded, { ...operations.refund, amount: 1000 }, clock)
  expect(first.refund).toMatchObject({ amount: 1000, chargeId: 'ch_0', intentId: 'pi_1' })
  expect(operate(first.intent, { ...operations.refund, amount: 201 }, clock).error?.param).toBe('amount')
  const rest = operate(first.intent, { ...operations.refund, amount: undefined }, clock)
  expect(rest.refund?.amount).toBe(200)
  expect(operate(rest.intent, operations.refund, clock).error?.code).toBe('charge_already_refunded')
})

test('a hold lapses by itself after its time', () => {
  const late = { ...clock, now: 1_050 }
  const { did, intent, error } = operate(states.requires_capture, operations.capture, late)
  expect([did, intent.status, error?.code]).toEqual(['refused', 'canceled', 'charge_expired_for_capture'])
  expect(intent).toMatchObject({ reason: 'expired', canceledAt: 1_050 })
})
