import { describe, expect, test } from 'vitest'
import { decodeEvent, encodeEvent } from '#contracts'
import { dueAt, orderDecider } from '../../../apps/order/order.ts'
import { maxRefunds } from '../../../apps/order/refunds.ts'
import type { Order, OrderDecision, OrderVocabulary } from '../../../apps/order/vocabulary.ts'
import { cancelling, captureBy, confirmed, given, ids, limits, now, paid, payBy, pending, refunded } from './orders.ts'
import type { OrderInput } from './table.ts'
import { transitions } from './transitions.ts'

const decide = orderDecider(limits)
const orders = new Map<string, Order | undefined>(Object.entries(given))
const cells = Object.values(transitions)
  .flat()
  .flatMap(({ input, at = now, answers }) =>
    Object.entries(answers).map(([state, answer]) => ({
      title: `${state} + ${input.type} ${JSON.stringify(input, plain)}`,
      input,
      at,
      answer,
      decision: decide(orders.get(state), input, at),
    })),
  )
const changes = cells.flatMap(({ decision, ...cell }) => (decision.is === 'applied' ? [{ ...cell, ...decision }] : []))

describe('an order decides every input in every state as the saga says', () => {
  test.each(cells)('$title gives $answer', ({ decision, answer }) => {
    expect(inWords(decision)).toBe(answer)
  })

  test.each(changes)('$title: the new state has the totals and the time of the input', ({ input, at, state }) => {
    expect(state.updatedAt).toBe(at.toISOString())
    expect(state).toMatchObject('capturedMinor' in input ? totalsOf(input) : {})
  })

  test.each(changes)(
    '$title says what the new state says, in the shape of the contract',
    ({ state, events, effects }) => {
      expect(effects).toEqual([])
      for (const event of events) {
        expect(event).toMatchObject({ orderId: state.orderId, merchantId: state.merchantId })
        expect(event).toMatchObject('settled' in event ? { settled: state.settled } : {})
        expect(event).toMatchObject('refundedMinor' in event ? totalsOf(state) : {})
        expect(decodeEvent(event.type, encodeEvent(event))).toEqual(event)
      }
    },
  )
})

describe('an order', () => {
  test('is due at pay-by while pending, at capture-by while confirmed, and at no other time', () => {
    const due = [...orders].map(([name, order]) => [name, order === undefined ? undefined : dueAt(order)])
    expect(due.filter(([, at]) => at !== undefined)).toEqual([
      ['pending', new Date(payBy)],
      ['confirmed', new Date(captureBy)],
    ])
  })

  test('is placed with the time of the decision and gives the limits from then', () => {
    const state = stateAfter(undefined, transitions.PlaceOrder[0]?.input)
    expect(state).toMatchObject({
      createdAt: '2026-11-22T10:01:00.000Z',
      payBy: '2026-11-22T10:16:00.000Z',
      totalMinor: 10_000n,
    })
  })

  test('hands the payment method to payment and keeps none', () => {
    const decision = decide(undefined, inputOf('PlaceOrder'), now)
    expect(decision).toMatchObject({ events: [{ paymentMethod: 'pm_card_visa' }] })
    expect(JSON.stringify(decision.is === 'applied' && decision.state, plain)).not.toContain('pm_card_visa')
  })

  test('is given its time to capture when it is confirmed', () => {
    expect(stateAfter(pending, inputOf('PaymentAuthorized'))).toMatchObject({ captureBy: '2026-11-23T10:01:00.000Z' })
  })

  test('goes on hold once and resumes once, whatever its status', () => {
    for (const order of orders.values()) {
      if (order === undefined) continue
      const held = stateAfter(order, inputOf('PaymentReviewRequired'))
      expect(held).toMatchObject({ onHold: true, status: order.status })
      expect(inWords(decide(held, inputOf('PaymentReviewRequired'), now))).toBe('=')
      const resumed = decide(held, inputOf('PaymentReviewResolved'), now)
      expect(resumed).toMatchObject({
        state: { onHold: false, status: order.status },
        events: [{ type: 'OrderResumed', reason: 'captured' }],
      })
    }
  })

  test('forgets address, name and metadata when its customer is erased, once', () => {
    const erased = stateAfter({ ...paid, metadata: { note: 'for Ada' } }, { type: 'EraseCustomer' })
    expect(erased?.customer).toEqual({ email: '' })
    expect(erased).not.toHaveProperty('metadata')
    expect(inWords(decide(erased, { type: 'EraseCustomer' }, now))).toBe('=')
  })
})

describe('a refund', () => {
  test('without an amount asks for all that is neither returned nor promised', () => {
    const decision = decide(paid, { type: 'RequestRefund', refundId: 'r2', reason: 'broken' }, now)
    expect(decision).toMatchObject({
      events: [{ type: 'OrderRefundRequested', refundId: 'r2', amountMinor: 7_000n, reason: 'broken' }],
      state: { refunds: [{ id: 'r1' }, { id: 'r2', amountMinor: 7_000n, status: 'pending', reason: 'broken' }] },
    })
  })

  test('without an amount is refused when nothing is left', () => {
    const promised = stateAfter(paid, { type: 'RequestRefund', refundId: 'r2' })
    expect(inWords(decide(promised, { type: 'RequestRefund', refundId: 'r3' }, now))).toBe(
      'refused refund_exceeds_captured',
    )
  })

  test.each([0n, -1n])('of %s is refused', (amountMinor) => {
    expect(inWords(decide(paid, { type: 'RequestRefund', refundId: 'r2', amountMinor }, now))).toBe(
      'refused refund_exceeds_captured',
    )
  })

  test('asked for twice under one id is one refund', () => {
    expect(inWords(decide(paid, { type: 'RequestRefund', refundId: 'r1' }, now))).toBe('=')
  })

  test('is refused beyond the number that one order may have', () => {
    const refunds = Array.from(
      { length: maxRefunds },
      (_, at) => ({ id: `f${at}`, amountMinor: 1n, status: 'failed' }) as const,
    )
    expect(inWords(decide({ ...paid, refunds }, { type: 'RequestRefund', refundId: 'r2' }, now))).toBe(
      'refused too_many_refunds',
    )
  })

  test('that succeeds at the gateway without our asking is listed', () => {
    const state = stateAfter(paid, { ...inputOf('PaymentRefunded'), refundId: 'dashboard', cause: 'external' })
    expect(state?.refunds).toEqual([
      { id: 'r1', amountMinor: 3_000n, status: 'pending' },
      { id: 'dashboard', amountMinor: 3_000n, status: 'succeeded' },
    ])
  })

  test('that succeeded counts once', () => {
    const state = stateAfter(paid, inputOf('PaymentRefunded'))
    expect(state).toMatchObject({ refundedMinor: 3_000n, refunds: [{ id: 'r1', status: 'succeeded' }] })
    const rest = decide(state, { type: 'RequestRefund', refundId: 'r2' }, now)
    expect(rest).toMatchObject({ events: [{ amountMinor: 7_000n }] })
  })

  test('that fails gives its amount free again', () => {
    const state = stateAfter(paid, inputOf('PaymentRefundFailed'))
    expect(state?.refunds).toEqual([{ id: 'r1', amountMinor: 3_000n, status: 'failed' }])
    expect(inWords(decide(state, { type: 'RequestRefund', refundId: 'r2', amountMinor: 10_000n }, now))).toBe(
      '→paid [OrderRefundRequested]',
    )
  })

  test('that was waiting has failed when a cancellation returned everything', () => {
    const waiting = { ...paid, refunds: [...paid.refunds, { id: 'r2', amountMinor: 5n, status: 'pending' as const }] }
    const input = {
      ...inputOf('PaymentRefunded'),
      refundedMinor: 10_000n,
      remainingMinor: 0n,
      cause: 'released' as const,
    }
    const state = stateAfter(stateAfter(waiting, { type: 'CancelOrder' }), input)
    expect(state?.refunds.map(({ id, status }) => [id, status])).toEqual([
      ['r1', 'succeeded'],
      ['r2', 'failed'],
    ])
  })

  test('that succeeds with a capture unlike the paid one is an alarm', () => {
    const input = { ...inputOf('PaymentRefunded'), capturedMinor: 20_000n, remainingMinor: 17_000n }
    expect(inWords(decide(paid, input, now))).toBe('alarm')
    expect(inWords(decide(refunded, { ...input, refundedMinor: 20_000n, remainingMinor: 0n }, now))).toBe('alarm')
    const failed = { ...inputOf('PaymentRefundFailed'), capturedMinor: 20_000n }
    expect(inWords(decide(paid, failed, now))).toBe('alarm')
    expect(inWords(decide(cancelling, { ...failed, refundedMinor: 20_001n }, now))).toBe('alarm')
  })
})

test('a confirmed order keeps its promise to nobody else: the ids of the input are not read', () => {
  const stranger = { ...inputOf('PaymentCaptured'), merchantId: '01990000-0000-7000-8000-00000000000b' }
  expect(decide(confirmed, stranger, now)).toMatchObject({ events: [ids] })
})

function inputOf<Type extends OrderInput['type']>(type: Type): Extract<OrderInput, { type: Type }> {
  const [row] = transitions[type]
  if (row === undefined) throw new Error(`No row for ${type}`)
  return row.input
}

function stateAfter(order: Order | undefined, input: OrderInput | undefined): Order | undefined {
  if (input === undefined) return undefined
  const decision = decide(order, input, now)
  return decision.is === 'applied' ? decision.state : undefined
}

function inWords(decision: OrderDecision): string {
  switch (decision.is) {
    case 'applied':
      return `→${nameOf(decision.state)} [${decision.events.map(eventInWords).join(', ')}]`
    case 'ignored':
      return { late: '·', duplicate: '=', alarm: 'alarm' }[decision.because]
    case 'refused':
      return `refused ${decision.because}`
    case 'notYet':
      return 'not yet'
  }
}

function nameOf(order: Order): string {
  if (order.status !== 'cancelled') return order.status
  return order.settled ? 'Z' : 'X'
}

function eventInWords(event: OrderVocabulary['said']): string {
  if (event.type === 'OrderCancelled') return `${event.type} ${event.reason}`
  return event.type === 'OrderRefunded' && event.full ? `${event.type} full` : event.type
}

function totalsOf({
  capturedMinor,
  refundedMinor,
}: {
  readonly capturedMinor: bigint
  readonly refundedMinor: bigint
}) {
  return { capturedMinor, refundedMinor }
}

function plain(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}
