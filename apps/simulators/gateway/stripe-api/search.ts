import type { Books } from '../engine/books.ts'
import { errors, RequestRefused } from '../engine/errors.ts'
import type { Intent } from '../engine/state.ts'
import { known } from './lists.ts'

export interface Clause {
  readonly field: 'status' | 'currency' | 'metadata'
  /** Of metadata. */
  readonly name: string | undefined
  readonly value: string
}

const clausesMax = 10
const clause = /^(?:(status|currency)|metadata\[(['"])([^'"]+)\2\]):(['"])([^'"]*)\4(?: +AND +|$)/i

/**
 * The part of Stripe's search query language that finds payments by what one knows of them (docs.stripe.com/search):
 * `metadata['orderId']:'o1' AND status:'succeeded'`, exact values only.
 * @throws RequestRefused for anything else
 */
export function clausesOf(query: string): readonly Clause[] {
  const clauses: Clause[] = []
  for (let rest = query.trim(); rest !== ''; ) {
    const [whole, field, , name, , value] = clause.exec(rest) ?? []
    if (whole === undefined || value === undefined || clauses.length === clausesMax) throw refused(query)
    clauses.push({ field: fields.get(field?.toLowerCase() ?? '') ?? 'metadata', name, value })
    rest = rest.slice(whole.length)
  }
  if (clauses.length === 0) throw refused(query)
  return clauses
}

const fields: ReadonlyMap<string, Clause['field']> = new Map([
  ['status', 'status'],
  ['currency', 'currency'],
])

const refused = (query: string) =>
  new RequestRefused(errors.parameter('parameter_invalid', 'query', `This cannot be searched for: ${query}`))

export const fitsAll = (intent: Intent, clauses: readonly Clause[]): boolean =>
  clauses.every(({ field, name, value }) =>
    field === 'metadata' ? intent.metadata[name ?? ''] === value : intent[field] === value.toLowerCase(),
  )

/** Those among which to search, newest first: of an order few are looked at, for they are known by it. */
export function candidates({ orders, intents }: Books, clauses: readonly Clause[], after?: string): Iterable<Intent> {
  const orderId = clauses.find(({ name }) => name === 'orderId')?.value
  if (orderId === undefined) return known(intents.newestFirst(after), 'payment_intent', after)
  const ids = (orders.get(orderId) ?? []).toReversed()
  return ids.slice(after === undefined ? 0 : ids.indexOf(after) + 1).flatMap((id) => intents.get(id) ?? [])
}
