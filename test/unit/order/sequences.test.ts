import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatJson, parseOwnJson } from '#contracts'
import { orderDecider } from '../../../apps/order/order.ts'
import { refundableMinor } from '../../../apps/order/refunds.ts'
import type { Order, OrderVocabulary } from '../../../apps/order/vocabulary.ts'
import { propertySeed } from '../../support/config.ts'
import { anySequence, place } from './any-sequence.ts'
import { limits, minutesMs, now } from './orders.ts'
import type { OrderInput } from './table.ts'

const runs = 2_000

interface Step {
  readonly before: Order | undefined
  readonly after: Order
  readonly events: readonly OrderVocabulary['said'][]
}

test('refunded never exceeds captured, captured never exceeds the total of an order that is not cancelled', () => {
  everyStep(({ after: order }) => {
    expect(order.refundedMinor).toBeGreaterThanOrEqual(0n)
    expect(order.refundedMinor).toBeLessThanOrEqual(order.capturedMinor)
    const mostMinor = order.status === 'cancelled' ? order.capturedMinor : order.totalMinor
    expect(order.capturedMinor).toBeLessThanOrEqual(mostMinor)
  })
})

test('pending and confirmed orders have taken nothing, a paid one exactly its total, a refunded one keeps none of it', () => {
  const takenMinor = { pending: 0n, confirmed: 0n, paid: 10n, refunded: 10n }
  everyStep(({ after: order }) => {
    expect(order.capturedMinor).toBe(order.status === 'cancelled' ? order.capturedMinor : takenMinor[order.status])
    expect(order.refundedMinor).toBe(order.status === 'refunded' ? 10n : order.refundedMinor)
  })
})

test('a cancelled order is settled only with nothing kept, and never becomes anything else', () => {
  everyStep(({ before, after }) => {
    expect(after.status).toBe(before?.status === 'cancelled' ? 'cancelled' : after.status)
    const isSettled = after.status === 'cancelled' && after.settled
    expect(isSettled ? after.refundedMinor : after.capturedMinor).toBe(after.capturedMinor)
  })
})

test('every change of status is an arrow of the saga', () => {
  const arrows = {
    nothing: ['pending'],
    pending: ['pending', 'confirmed', 'paid', 'cancelled'],
    confirmed: ['confirmed', 'paid', 'cancelled'],
    paid: ['paid', 'refunded', 'cancelled'],
    refunded: ['refunded', 'paid'],
    cancelled: ['cancelled'],
  }
  everyStep(({ before, after }) => expect(arrows[before?.status ?? 'nothing']).toContain(after.status))
})

test('an order is placed once, confirmed, paid and cancelled at most once, and after a cancellation only the money moves', () => {
  fc.assert(
    fc.property(anySequence, (sequence) => {
      const said = walk(sequence).flatMap(({ events }) => events.map(({ type }) => type))
      for (const once of ['OrderPlaced', 'OrderConfirmed', 'OrderPaid', 'OrderCancelled']) {
        expect(said.filter((type) => type === once).length).toBeLessThanOrEqual(1)
      }
      const afterwards = said.slice(said.indexOf('OrderCancelled') + 1)
      const quiet = ['OrderSettlementChanged', 'OrderOnHold', 'OrderResumed', 'CustomerErased']
      expect(said.includes('OrderCancelled') ? afterwards.filter((type) => !quiet.includes(type)) : []).toEqual([])
    }),
    { seed: propertySeed, numRuns: runs },
  )
})

test('a merchant never gets more promised than is left', () => {
  everyStep(({ after, events }) => {
    const asked = events.some(({ type }) => type === 'OrderRefundRequested')
    expect(asked ? refundableMinor(after) : 0n).toBeGreaterThanOrEqual(0n)
  })
})

test('an order comes back from its JSON as it was', () => {
  everyStep(({ after }) => expect(parseOwnJson(formatJson(after))).toEqual(after))
})

function everyStep(check: (step: Step) => void): void {
  fc.assert(
    fc.property(anySequence, (sequence) => walk(sequence).forEach(check)),
    { seed: propertySeed, numRuns: runs },
  )
}

/** Places the order and feeds it the sequence. Each step is one applied decision; to throw is to fail the property. */
function walk(sequence: readonly (readonly [OrderInput, number])[]): readonly Step[] {
  const decide = orderDecider(limits)
  const steps: Step[] = []
  let order: Order | undefined
  let at = now
  for (const [next, minutes] of [[place, 0] as const, ...sequence]) {
    at = new Date(at.getTime() + minutes * minutesMs)
    const decision = decide(order, next, at)
    if (decision.is !== 'applied') continue
    steps.push({ before: order, after: decision.state, events: decision.events })
    order = decision.state
  }
  return steps
}
