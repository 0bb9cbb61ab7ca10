import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../../apps/shared/messaging/lib/backoff.ts'

const delays = { firstMs: 100, maxMs: 30_000 }
const draws = (attempt: number) => Array.from({ length: 2_000 }, () => backoffMs(attempt, delays))

describe('the time to the next attempt', () => {
  it.each([
    [1, 200],
    [2, 400],
    [5, 3_200],
    [8, 25_600],
    [9, 30_000],
    [10_000, 30_000],
  ])('after attempt %i is anything up to %i ms: what failed together does not come back together', (attempt, maxMs) => {
    const drawn = draws(attempt)
    expect(Math.max(...drawn)).toBeLessThanOrEqual(maxMs)
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(1)
    // The whole range, and not a bit of it around a fixed delay.
    expect(Math.min(...drawn)).toBeLessThan(maxMs * 0.1)
    expect(Math.max(...drawn)).toBeGreaterThan(maxMs * 0.9)
  })
})
