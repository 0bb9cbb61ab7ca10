import { describe, expect, test } from 'vitest'
import { decodeEvent, encodeEvent, formatJson, parseOwnJson } from '#contracts'
import { decidePayment, dueAt } from '../../../../apps/payment/decide/payment.ts'
import type { Payment } from '../../../../apps/payment/vocabulary.ts'
import { inWords, stateInWords } from './in-words.ts'
import { dayBeforeExpiry, ids, inputNamed, now, timeOf } from './inputs.ts'
import { onceCaptured } from './once-captured.ts'
import { onceGone } from './once-gone.ts'
import { answerOf, type Table } from './table.ts'
import { whileAuthorising } from './while-authorising.ts'
import { whileHeld } from './while-held.ts'
import { whileRefunding } from './while-refunding.ts'
import { whileReturning } from './while-returning.ts'
import { whileVoiding } from './while-voiding.ts'

/** The payment's table of the saga, whole. */
const table: Table = {
  ...whileAuthorising,
  ...whileHeld,
  ...whileVoiding,
  ...onceCaptured,
  ...whileRefunding,
  ...whileReturning,
  ...onceGone,
}

const columns = Object.entries(table).map(([name, column]) => ({ name, column, payment: after(column.given) }))
const cells = columns.flatMap(({ name, column, payment }) =>
  [...answerOf(column)].map(([input, answer]) => ({
    title: `${name} + ${input}`,
    answer,
    decision: decidePayment(payment, inputNamed(input), timeOf(input)),
  })),
)
const changes = cells.flatMap(({ title, decision }) => (decision.is === 'applied' ? [{ title, ...decision }] : []))

describe('a payment decides every input in every state as the saga says', () => {
  test.each(columns)('$name is reached', ({ column, payment }) => {
    expect(payment === undefined ? '' : stateInWords(payment)).toBe(column.is)
  })

  test.each(cells)('$title gives $answer', ({ decision, answer }) => {
    expect(inWords(decision)).toBe(answer)
  })

  test.each(changes)('$title says what the contract allows and rests as JSON', ({ state, events, effects }) => {
    for (const event of events) {
      expect(event).toMatchObject(ids)
      expect(decodeEvent(event.type, encodeEvent(event))).toEqual(event)
    }
    for (const effect of effects) expect(effect).toMatchObject(ids)
    expect(parseOwnJson(formatJson(state))).toEqual(state)
  })
})

describe('a payment', () => {
  test('is due one day before its hold expires, while it waits for the order, and at no other time', () => {
    const due = columns.map(({ name, payment }) => [name, payment === undefined ? undefined : dueAt(payment)])
    expect(due.filter(([, at]) => at !== undefined)).toEqual([['held', dayBeforeExpiry]])
  })

  test('keeps no payment method: only the call has it', () => {
    const decision = decidePayment(undefined, inputNamed('OrderPlaced'), now)
    expect(decision).toMatchObject({ effects: [{ type: 'Authorise', paymentMethod: 'pm_card_visa', currency: 'EUR' }] })
    expect(formatJson(after(['OrderPlaced']) ?? {})).not.toContain('pm_card_visa')
  })

  test('remembers that its customer was erased, once', () => {
    const erased = after(['OrderPlaced', 'CustomerErased'])
    expect(erased).toMatchObject({ customerErased: true })
    expect(inWords(decidePayment(erased, inputNamed('CustomerErased'), now))).toBe('=')
  })

  test('says the totals of after the refund, whether it came or went', () => {
    const captured = after(['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured', 'refund r1 300'])
    const back = decidePayment(captured, inputNamed('Refunded r1 300'), now)
    expect(back).toMatchObject({ events: [{ capturedMinor: 1_000n, refundedMinor: 300n, remainingMinor: 700n }] })
    const state = back.is === 'applied' ? back.state : undefined
    const reversed = decidePayment(state, inputNamed('RefundFailed r1'), now)
    expect(reversed).toMatchObject({ events: [{ capturedMinor: 1_000n, refundedMinor: 0n, reversed: true }] })
  })

  test('carries each wish out under its own id, one after the other, in their order', () => {
    const given = ['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured', 'refund r1 300', 'refund r9 100']
    const next = decidePayment(after([...given, 'OrderCancelled']), inputNamed('Refunded r1 300'), now)
    expect(next).toMatchObject({ effects: [{ refundId: 'r9', amountMinor: 100n }] })
    const state = next.is === 'applied' ? next.state : undefined
    const rest = decidePayment(state, { type: 'RefundSucceeded', refundId: 'r9', amountMinor: 100n }, now)
    expect(rest).toMatchObject({ effects: [{ refundId: 'release', amountMinor: 600n, paymentId: 'pi_1' }] })
  })

  test('refuses more refunds than one payment may have', () => {
    const captured = after(['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured'])
    const refund = (index: number) =>
      ({ refundId: `f${index}`, amountMinor: 1n, status: 'failed', cause: 'requested' }) as const
    const full = captured && { ...captured, refunds: Array.from({ length: 100 }, (_, index) => refund(index)) }
    expect(inWords(decidePayment(full, inputNamed('refund r9 100'), now))).toContain('[RefundFailed r9 too_many]')
  })

  test('returns a second rest under an id of its own', () => {
    const given = ['OrderPlaced', 'Held', 'OrderCancelled', 'GaveUp void', 'says Captured 900', 'Captured']
    const refunded = { type: 'RefundSucceeded', refundId: 'release', amountMinor: 900n } as const
    const decision = decidePayment(after(given), refunded, now)
    const state = decision.is === 'applied' ? decision.state : undefined
    expect(inWords(decidePayment(state, inputNamed('says Captured'), now))).toBe(
      '→partially_refunded/release [Captured 1000 refunded 900, ReviewResolved Captured by ops] {Refund release-2 100}',
    )
  })
})

describe('an operator who says that less was taken of a cancelled order', () => {
  const given = ['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured', 'OrderCancelled']
  const allBack = { type: 'RefundSucceeded', refundId: 'x', amountMinor: 900n } as const
  const said900 = inputNamed('says Captured 900')
  const decide = (payment: Payment | undefined, input: typeof allBack | typeof said900) => {
    const decision = decidePayment(payment, input, now)
    return { words: inWords(decision), state: decision.is === 'applied' ? decision.state : undefined }
  }

  test('ends the question about a rest with it, where nothing of that is left', () => {
    const doubted = after([...given, 'Captured 900', 'RefundFailed release'])
    const back = decide(doubted, allBack)
    expect(back.words).toBe('→partially_refunded/release review +1 [Refunded x 900 external, left 100]')
    expect(decide(back.state, said900).words).toBe(
      '→refunded/release [Captured 900 refunded 900, ReviewResolved Captured by ops]',
    )
  })

  test('is heard although the rest is asked about first', () => {
    const doubted = after([...given, 'RefundFailed release', 'Captured 900'])
    const right = decide(doubted, said900)
    expect(right.words).toBe('→captured/release review [Captured 900 refunded 0]')
    expect(decide(right.state, allBack).words).toBe(
      '→refunded/release [Refunded x 900 external, left 0, ReviewResolved RefundSucceeded by gateway]',
    )
  })
})

function after(given: readonly string[]): Payment | undefined {
  let payment: Payment | undefined
  for (const name of given) {
    const decision = decidePayment(payment, inputNamed(name), timeOf(name))
    if (decision.is !== 'applied') throw new Error(`${name} is not applied: ${inWords(decision)}`)
    payment = decision.state
  }
  return payment
}
