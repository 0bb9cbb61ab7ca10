import type { Outcome, System } from '../../../bench/system.ts'
import { openWindow } from './shop-window.ts'

export interface Whims {
  /** Answers 503. */
  readonly refuses?: boolean
  /** An order that it takes and forgets. */
  readonly loses?: string
  /** An order that it ends twice, and says so. */
  readonly doubles?: string
  /** Orders of earlier runs. */
  readonly endedBefore?: number
  readonly processes?: ReadonlyMap<string, number>
}

/** A system in memory. It ends each order as it takes it: told one second later and paid two, by its own account. */
export async function fakeSystem(whims: Whims = {}): Promise<System> {
  const ended: Outcome[] = []
  const window = await openWindow((asked) => {
    if (whims.refuses === true) return asked.answer(503)
    const { orderId } = asked
    const askedAtMs = Date.now()
    const outcome = { orderId, notifiedAtMs: askedAtMs + 1_000, paidAtMs: askedAtMs + 2_000 }
    if (orderId !== whims.loses) ended.push(outcome)
    if (orderId === whims.doubles) ended.push(outcome)
    asked.answer()
  })
  return {
    name: 'fake',
    orders: window.orders,
    start: async () => {},
    stop: async () => {},
    countEnded: async () => (whims.endedBefore ?? 0) + ended.length,
    outcomes: async (ids) => ended.filter(({ orderId }) => ids.includes(orderId)),
    flaws: async () => (whims.doubles === undefined ? [] : [`${whims.doubles} was charged twice`]),
    processes: async () => whims.processes ?? new Map([['self', process.pid]]),
  }
}
