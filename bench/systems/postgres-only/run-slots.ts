import { nowMs } from '../../load/sender.ts'
import type { Command, Replayed } from './command.ts'
import { openSlot, type RunnablePlan, runnable, type Slot } from './slot.ts'

export interface Slots {
  /** Once. Returns when the orders that were begun in time have ended. */
  run(): Promise<Replayed>
  close(): Promise<void>
}

/** Connected and warm. @throws Error when they cannot be */
export async function openSlots({ urls, slots, seconds, warmUpOrders, plans }: Command): Promise<Slots> {
  const all = await Promise.all(Array.from({ length: slots }, () => openSlot(urls)))
  const next = inTurns(runnable(plans))
  const warmUp = async (slot: Slot) => {
    for (let order = 0; order < warmUpOrders; order += 1) await slot.runOrder(next())
  }
  await Promise.all(all.map(warmUp))
  return {
    run: async () => {
      let orders = 0
      const faults: string[] = []
      const firstBeginAtMs = nowMs()
      const work = async (slot: Slot) => {
        while (nowMs() < firstBeginAtMs + seconds * 1_000) {
          await slot.runOrder(next())
          orders += 1
        }
      }
      // One that has failed is left where it is: the run is void.
      const ended = await Promise.allSettled(all.map(work))
      const lastCommitAtMs = nowMs()
      for (const each of ended) if (each.status === 'rejected') faults.push(String(each.reason))
      return { orders, firstBeginAtMs, lastCommitAtMs, faults }
    },
    close: async () => {
      await Promise.all(all.map((slot) => slot.close()))
    },
  }
}

function inTurns(plans: readonly RunnablePlan[]): () => RunnablePlan {
  let turn = 0
  return () => {
    const plan = plans[turn % plans.length]
    turn += 1
    if (plan === undefined) throw new Error('There is no plan to follow')
    return plan
  }
}
