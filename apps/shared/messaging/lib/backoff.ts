/** Between two attempts of one effect. */
export const callDelays = { firstMs: 100, maxMs: 30_000 }

/** Doubles from `firstMs` up to `maxMs`, with full jitter, so that what failed together does not come back together. */
export function backoffMs(attempt: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number {
  return Math.ceil(Math.random() * Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30)))
}
