import { expect, test } from 'vitest'
import { dueAfterMs, plannedOrders } from '../../../bench/load/plan.ts'

const load = (intensity: number, seconds: number) => ({ kind: 'open', intensity, seconds, seed: 1 }) as const

test('an open load is planned evenly, from its start', () => {
  const due = Array.from({ length: 5 }, (_, number) => dueAfterMs(load(400, 10), number))
  expect(due).toEqual([0, 2.5, 5, 7.5, 10])
})

test.each([
  [100, 10, 1_000],
  [0.1, 30, 3],
  [3, 0.5, 2],
  [1, 0.5, 1],
])('%d a second for %d s are %d orders: those due before the end', (intensity, seconds, orders) => {
  expect(plannedOrders(load(intensity, seconds))).toBe(orders)
  expect(dueAfterMs(load(intensity, seconds), orders - 1)).toBeLessThan(seconds * 1000)
  expect(dueAfterMs(load(intensity, seconds), orders)).toBeGreaterThanOrEqual(seconds * 1000)
})
