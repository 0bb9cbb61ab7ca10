import { closest, distance } from 'fastest-levenshtein'

/** Two letters that changed places are a distance of 2. */
const smallestMax = 2

/** The known name that was probably meant, whatever its case; undefined when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const spelled = new Map(known.map((each) => [each.toLowerCase(), each]))
  if (spelled.size === 0) return undefined
  const wanted = name.toLowerCase()
  const found = closest(wanted, [...spelled.keys()])
  const steps = distance(wanted, found)
  const isNear = steps < wanted.length && steps <= Math.max(smallestMax, Math.floor(wanted.length / 3))
  return isNear ? spelled.get(found) : undefined
}

/** ` Did you mean order?`, or nothing when no known name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const found = nearest(name, known)
  return found === undefined ? '' : ` Did you mean ${found}?`
}
