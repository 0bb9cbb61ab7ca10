/** Things by id, in the order in which they first came. */
export interface Shelf<T> {
  readonly size: number
  get(id: string): T | undefined
  /** A known id keeps its place. */
  put(id: string, value: T): void
  /** Oldest first. */
  values(): Iterable<T>
  /** Those that came before `id`, or all. Undefined: there is no such id. */
  newestFirst(id?: string): Iterable<T> | undefined
}

export function createShelf<T>(): Shelf<T> {
  const places = new Map<string, number>()
  const things: T[] = []
  return {
    get size() {
      return things.length
    },
    get(id) {
      const place = places.get(id)
      return place === undefined ? undefined : things[place]
    },
    put(id, value) {
      const place = places.get(id)
      if (place === undefined) places.set(id, things.push(value) - 1)
      else things[place] = value
    },
    values: () => things.values(),
    newestFirst(id) {
      const end = id === undefined ? things.length : places.get(id)
      return end === undefined ? undefined : backwards(things, end)
    },
  }
}

/** Without a copy: a page is ten things of a hundred thousand. */
function* backwards<T>(things: readonly T[], end: number): Generator<T> {
  for (let place = end - 1; place >= 0; place -= 1) {
    const thing = things[place]
    if (thing !== undefined) yield thing
  }
}
