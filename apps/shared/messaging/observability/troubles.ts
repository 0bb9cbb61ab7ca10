import { reasonOf } from '../lib/failures.ts'

/** A failure is trouble for whoever asks only when it lasts: a dropped connection mends itself within this time. */
const passingMs = 3_000

/** What a process that lives and answers does not get done, for its readiness. */
export class Troubles {
  readonly #since = new Map<string, { readonly at: number; readonly reason: string }>()

  /** It failed, perhaps again. */
  note(what: string, error: unknown): void {
    const { at } = this.#since.get(what) ?? { at: performance.now() }
    this.#since.set(what, { at, reason: reasonOf(error) })
  }

  clear(what: string): void {
    this.#since.delete(what)
  }

  /** Those that last, as sentences. */
  lasting(): readonly string[] {
    return [...this.#since]
      .filter(([, { at }]) => performance.now() - at > passingMs)
      .map(([what, { reason }]) => `${what} cannot be handled: ${reason}`)
  }
}
