import { expect, test } from 'vitest'
import { countStatements, planOf, type Recording } from '../../../bench/systems/postgres-only/plan.ts'

const merchant = '0190a000-0000-7000-8000-000000000001'
const idOf = (order: number, number: number) => `0190a000-0000-7000-800${order}-00000000000${number}`

interface Differing {
  readonly at?: string
  readonly note?: string
  readonly more?: boolean
}

/** An order is written, an effect comes back, and its id is what it is deleted by. */
function recordingOf(order: number, { at = '2026-01-01T00:00:00.000Z', note = '', more = false }: Differing = {}) {
  const [orderId, effectId] = [idOf(order, 1), idOf(order, 2)]
  const write = {
    text: 'insert',
    values: [[orderId], [merchant], JSON.stringify({ orderId, at, note })],
    rows: [
      { id: orderId, lane: null, merchant, at: new Date() },
      { id: effectId, lane: `${orderId}/gateway` },
    ],
    rowCount: 2,
  }
  const remove = { text: 'delete', values: [[effectId], [1]], rows: [{ id: effectId }], rowCount: 1 }
  const recording: Recording = {
    names: new Map([['order', orderId]]),
    transactions: [
      { role: 'order_service', statements: [write] },
      { role: 'payment_service', statements: more ? [remove, remove] : [remove] },
    ],
  }
  return recording
}

test('names what an order has of its own, and leaves what all share', () => {
  const plan = planOf(recordingOf(8), recordingOf(9))
  expect(plan.fresh).toEqual(['order'])
  expect(plan.transactions[0]?.statements[0]?.values.slice(0, 2)).toEqual([
    [{ parts: [{ name: 'order' }] }],
    [merchant],
  ])
  expect(countStatements(plan)).toBe(2)
})

test('learns the ids that the database makes from the rows that bring them, once', () => {
  const { transactions } = planOf(recordingOf(8), recordingOf(9))
  const [write, remove] = transactions.flatMap(({ statements }) => statements)
  expect(write?.learns).toEqual([{ name: 'returned 1', row: 1, column: 'id' }])
  expect(remove).toMatchObject({ values: [[{ parts: [{ name: 'returned 1' }] }], [1]], learns: [] })
})

test('two orders may be placed at two times', () => {
  const other = recordingOf(9, { at: '2027-12-31T23:59:59Z' })
  expect(planOf(recordingOf(8), other)).toEqual(planOf(recordingOf(8), recordingOf(9)))
})

test.each([
  ['in a value', { note: 'unlike' }, 'unlike'],
  ['in what is done', { more: true }, 'in their statements'],
])('two orders that differ %s without a reason make no plan', (_, differing, reason) => {
  expect(() => planOf(recordingOf(8), recordingOf(9, differing))).toThrow(reason)
})
