/** So many different keys that fail alike are no bad messages: something was deployed that cannot handle anything. */
const keysMin = 5
const shareMin = 0.2

/** Tells a bad deploy from a bad message. One for each participant of a process. */
export class Breaker {
  #code: string | undefined
  /** Failed in a row, across batches, with that code. */
  #row = new Set<string>()

  /**
   * @param keys how many different keys were tried together
   * @param failed those that failed for their content, each with its SQLSTATE or the name of its error
   * @returns the code with which too many have failed: five different keys in a row, or five and a fifth of those tried
   */
  judge(keys: number, failed: ReadonlyMap<string, string>): string | undefined {
    const byCode = Map.groupBy(failed, ([, code]) => code)
    if (failed.size < keys || byCode.size > 1) this.#row.clear()
    for (const [code, failures] of byCode) {
      if (code !== this.#code) this.#row.clear()
      this.#code = code
      for (const [key] of failures) this.#row.add(key)
      const tooManyTogether = failures.length >= keysMin && failures.length >= keys * shareMin
      if (tooManyTogether || this.#row.size >= keysMin) return code
    }
    return undefined
  }
}
