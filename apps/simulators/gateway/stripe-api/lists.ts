import { errors, RequestRefused } from '../engine/errors.ts'
import type { Listing } from './requests.ts'

/** Stripe's list object, newest first. */
export interface Page<T> {
  readonly object: 'list'
  readonly url: string
  readonly has_more: boolean
  readonly data: readonly T[]
}

/** Takes no more from `newestFirst` than it must: one beyond the page tells whether there is more. */
export function pageOf<T>(
  newestFirst: Iterable<T>,
  { limit, fits = () => true }: { limit: number; fits?: (thing: T) => boolean },
): { readonly page: readonly T[]; readonly hasMore: boolean } {
  const page: T[] = []
  for (const thing of newestFirst) {
    if (!fits(thing)) continue
    if (page.length === limit) return { page, hasMore: true }
    page.push(thing)
  }
  return { page, hasMore: false }
}

/** `created` as Stripe filters by it: unix seconds, exactly or within bounds. */
export function wasCreated(wanted: Listing['created'], created: number): boolean {
  if (wanted === undefined) return true
  if (typeof wanted === 'number') return created === wanted
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = wanted
  return created > gt && created >= gte && created < lt && created <= lte
}

/** Where a page begins. @throws RequestRefused where `starting_after` names nothing */
export function known<T>(things: Iterable<T> | undefined, what: string, startingAfter?: string): Iterable<T> {
  if (things !== undefined) return things
  throw new RequestRefused(errors.noSuchStart(what, startingAfter ?? ''))
}
