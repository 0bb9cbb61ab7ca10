import { expect, test } from 'vitest'
import { percentilesOf } from '../../../bench/measure/percentiles.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, index) => count - index)

test.each([
  [1, { p50: 1, p95: 1, p99: 1, max: 1 }],
  [2, { p50: 1, p95: 2, p99: 2, max: 2 }],
  [20, { p50: 10, p95: 19, p99: 20, max: 20 }],
  [100, { p50: 50, p95: 95, p99: 99, max: 100 }],
  [1_000, { p50: 500, p95: 950, p99: 990, max: 1_000 }],
])('of %d values each is one that was measured, by nearest rank', (count, expected) => {
  expect(percentilesOf(upTo(count))).toEqual(expected)
})

test('sorts by number and not by digits', () => {
  expect(percentilesOf([9, 100, 20])).toEqual({ p50: 20, p95: 100, p99: 100, max: 100 })
})

test('rounds to one decimal', () => {
  expect(percentilesOf([1.04, 2.06])).toMatchObject({ p50: 1, max: 2.1 })
})

test('leaves the values in their order', () => {
  const values = [3, 1, 2]
  percentilesOf(values)
  expect(values).toEqual([3, 1, 2])
})

test('is nothing of nothing', () => {
  expect(percentilesOf([])).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 })
})
