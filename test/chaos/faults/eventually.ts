import { vi } from 'vitest'
import { limitMs } from '../../support/limits.ts'

/** Looks until it is so; what cannot be seen meanwhile is not so yet. */
export const eventually = (condition: () => Promise<boolean>, timeout = limitMs(40_000)) =>
  vi.waitUntil(() => condition().catch(() => false), { timeout, interval: 100 })
