import { setImmediate as turnEnds } from 'node:timers/promises'

export interface Batching<Item, Result> {
  /** A batch weighs at most so much, or is a single item. */
  readonly max: number
  /** 1 unless given. */
  readonly weigh?: (item: Item) => number
  /** @returns a result for each item, in their order. Rejected: all of them fail. */
  readonly work: (items: readonly Item[]) => Promise<readonly Result[]>
}

/**
 * Natural batching: what comes in one turn of the event loop, or while a batch is worked on, makes the next one. Nobody
 * waits for company. @returns a function that settles with its item's result.
 */
export function inBatches<Item, Result>({
  max,
  weigh = () => 1,
  work,
}: Batching<Item, Result>): (item: Item) => Promise<Result> {
  const waiting: Waiting<Item, Result>[] = []
  let working = false

  const takeBatch = (): readonly Waiting<Item, Result>[] => {
    let weight = 0
    const end = waiting.findIndex(({ item }, index) => {
      weight += weigh(item)
      return index > 0 && weight > max
    })
    return waiting.splice(0, end === -1 ? waiting.length : end)
  }
  const drain = async (): Promise<void> => {
    working = true
    await turnEnds()
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        const results = await work(batch.map(({ item }) => item))
        for (const [index, result] of results.entries()) batch[index]?.resolve(result)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    working = false
  }
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!working) void drain()
    })
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}
