/**
 * Natural batching: what arrives while one batch is worked on makes the next one, of at most `max`. Alone it waits for
 * nobody. @returns a function that settles with its item's batch.
 */
export function inBatches<Item>(
  max: number,
  work: (items: readonly Item[]) => Promise<void>,
): (item: Item) => Promise<void> {
  const waiting: { readonly item: Item; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  let working = false

  const drain = async (): Promise<void> => {
    working = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, max)
      try {
        await work(batch.map(({ item }) => item))
        for (const { resolve } of batch) resolve()
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
