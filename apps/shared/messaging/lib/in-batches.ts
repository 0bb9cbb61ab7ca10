import { setImmediate as turnEnds } from 'node:timers/promises'

export interface Batching<Item, Result> {
  /** A batch weighs at most so much, or is a single item. */
  readonly max: number
  /** 1 unless given. */
  readonly weigh?: (item: Item) => number
  /** So many batches are worked on at one time, 1 unless given: one that is stuck does not hold up all others. */
  readonly atOnce?: number
  /** What has waited longer for its turn is rejected with `TooLate`, in milliseconds; for ever unless given. */
  readonly waitMaxMs?: number
  /** @returns a result for each item, in their order, or a promise of one. Rejected: all of them fail. */
  readonly work: (items: readonly Item[]) => Promise<readonly (Result | Promise<Result>)[]>
}

/** It has waited longer than whoever sent it can be thought to wait. Nothing was done for it. */
export class TooLate extends Error {
  override readonly name = 'TooLate'
  readonly code = 'ETIMEDOUT'
}

/**
 * Natural batching: what comes in one turn of the event loop, or while a batch is worked on, makes the next one. Nobody
 * waits for company. @returns a function that settles with its item's result.
 */
export function inBatches<Item, Result>({
  max,
  weigh = () => 1,
  atOnce = 1,
  waitMaxMs = Number.POSITIVE_INFINITY,
  work,
}: Batching<Item, Result>): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = []
  let working = 0

  const rejectLate = (): void => {
    const since = performance.now() - waitMaxMs
    while (waiting[0] !== undefined && waiting[0].cameAt < since) {
      waiting.shift()?.reject(new TooLate('waited too long for its turn'))
    }
  }
  const takeBatch = (): readonly Waiting<Item, Result>[] => {
    rejectLate()
    let weight = 0
    const end = waiting.findIndex(({ item }, index) => {
      weight += weigh(item)
      return index > 0 && weight > max
    })
    return waiting.splice(0, end === -1 ? waiting.length : end)
  }
  const drain = async (): Promise<void> => {
    working += 1
    await turnEnds()
    for (let batch = takeBatch(); batch.length > 0; batch = takeBatch()) {
      try {
        const results = await work(batch.map(({ item }) => item))
        for (const [index, result] of results.entries()) batch[index]?.resolve(result)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    working -= 1
  }
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, cameAt: performance.now(), resolve, reject })
      if (working < atOnce) void drain()
    })
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly cameAt: number
  readonly resolve: (result: Result | Promise<Result>) => void
  readonly reject: (error: unknown) => void
}
