/** What is known about a key when a request comes with it. */
export type Claim<Position> =
  | { readonly is: 'new' }
  | { readonly is: 'answered'; readonly at: Position }
  | { readonly is: 'inFlight' }
  | { readonly is: 'otherRequest' }

/** Remembers which key was used for which request, and where its answer lies. */
export interface Keys<Position> {
  /** `new` means that the caller must `settle` or `release` it. `now` in unix seconds. */
  claim(key: string, fingerprint: string, now: number): Claim<Position>
  /** The answer is on disk. Also for keys read back at the start. */
  settle(key: string, answer: { fingerprint: string; at: Position; since: number }): void
  /** Nothing was done: the key is free again. */
  release(key: string): void
  readonly size: number
}

/** A key is known for so long after its first use. */
export function createKeys<Position>({ keptSeconds }: { keptSeconds: number }): Keys<Position> {
  // In order of first use, so the oldest come first.
  const known = new Map<string, { fingerprint: string; since: number; at?: Position }>()

  function forget(now: number): void {
    for (const [key, { since }] of known) {
      if (since > now - keptSeconds) return
      known.delete(key)
    }
  }

  return {
    claim(key, fingerprint, now) {
      forget(now)
      const first = known.get(key)
      if (first === undefined) {
        known.set(key, { fingerprint, since: now })
        return { is: 'new' }
      }
      if (first.fingerprint !== fingerprint) return { is: 'otherRequest' }
      return first.at === undefined ? { is: 'inFlight' } : { is: 'answered', at: first.at }
    },
    settle: (key, answer) => void known.set(key, answer),
    release: (key) => void known.delete(key),
    get size() {
      return known.size
    },
  }
}
