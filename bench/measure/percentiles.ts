import type { Percentiles } from '../system.ts'

/**
 * By nearest rank: each is a value that was measured, rounded to one decimal. Of no values at all everything is 0; a run
 * without orders has a fault and is not shown.
 */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).sort()
  const rank = (percent: number) => {
    const value = sorted[Math.max(1, Math.ceil((percent * sorted.length) / 100)) - 1] ?? 0
    return Math.round(value * 10) / 10
  }
  return { p50: rank(50), p95: rank(95), p99: rank(99), max: rank(100) }
}
