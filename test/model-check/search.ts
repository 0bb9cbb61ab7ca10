import { type Move, Moves } from './moves.ts'
import { nothing, type Product } from './product.ts'

/** Far above what there is: a product that never ends must not take the machine with it. */
const maxProducts = 200_000

/** Every product that can be reached, in the order of the shortest way to it. */
export interface Space {
  readonly products: readonly Product[]
  readonly edges: number
  /** The products that the course of things leads to from each, wishes and troubles left out, itself left out. */
  readonly courses: readonly (readonly number[])[]
  /** The names of the moves of a shortest way. */
  wayTo(product: number): readonly string[]
}

/** Breadth first, so that what is found is found on a shortest way. `visit` sees every edge once. */
export function search(
  visit: (edge: { readonly from: number; readonly before: Product; readonly move: Move }) => void,
): Space {
  const moves = new Moves()
  const products: Product[] = [nothing]
  const known = new Map([[moves.names.product(nothing), 0]])
  const reachedBy: { readonly from: number; readonly name: string }[] = [{ from: 0, name: '' }]
  const courses: number[][] = []
  let edges = 0
  for (let from = 0; from < products.length; from += 1) {
    const before = products[from]
    if (before === undefined || products.length > maxProducts) throw new Error('The space of products has no end')
    const course = new Set<number>()
    for (const move of moves.from(before)) {
      edges += 1
      visit({ from, before, move })
      const name = moves.names.product(move.to)
      const to = known.get(name) ?? products.length
      if (to === products.length) {
        known.set(name, to)
        products.push(move.to)
        reachedBy.push({ from, name: move.name })
      }
      if (move.is === 'course' && to !== from) course.add(to)
    }
    courses.push([...course])
  }
  const wayTo = (product: number): readonly string[] => {
    const way: string[] = []
    for (let at = product; at !== 0; at = reachedBy[at]?.from ?? 0) way.unshift(reachedBy[at]?.name ?? '')
    return way
  }
  return { products, edges, courses, wayTo }
}

/** Products on a circle of the course of things: there, nothing more would have to go wrong and still it would not end. */
export function onCircles({ courses }: Space): readonly number[] {
  const incoming = courses.map(() => 0)
  for (const to of courses.flat()) incoming[to] = (incoming[to] ?? 0) + 1
  const free = incoming.flatMap((count, product) => (count === 0 ? [product] : []))
  for (let product = free.pop(); product !== undefined; product = free.pop()) {
    for (const to of courses[product] ?? []) {
      const left = (incoming[to] ?? 0) - 1
      incoming[to] = left
      if (left === 0) free.push(to)
    }
  }
  return incoming.flatMap((count, product) => (count > 0 ? [product] : []))
}
