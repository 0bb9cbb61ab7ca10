import type { Load } from '../system.ts'

/** How many orders an open load has: those that are due before its seconds are over. */
export function plannedOrders({ intensity, seconds }: Load): number {
  // 0.1 × 30 is 3.0000000000000004: without rounding an order too many.
  return Math.ceil(Math.round(intensity * seconds * 1e6) / 1e6)
}

/** When an order of an open load is due, in milliseconds from the start, with a fraction. The first one is number 0. */
export function dueAfterMs({ intensity }: Load, number: number): number {
  return (number * 1000) / intensity
}
