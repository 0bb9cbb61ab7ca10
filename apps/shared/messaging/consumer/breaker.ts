/** So many different keys that fail alike are no bad messages: something was deployed that cannot handle anything. */
const keysMin = 5
const shareMin = 0.2

/** Tells a bad deploy from a bad message. One for each participant of a process. */
export class Breaker {
  #code = ''
  /** Failed with that code in batches in which nobody else was handled, one after the other. */
  readonly #row = new Set<string>()

  /**
   * @param keys how many different keys could be handled or have failed; who only waits for others says nothing
   * @param failed those that failed for their content, each with its SQLSTATE or the name of its error
   * @returns the code with which too many have failed: five different keys in a row, or five and a fifth of those tried
   */
  judge(keys: number, failed: ReadonlyMap<string, string>): string | undefined {
    if (keys === 0) return undefined
    const byCode = [...Map.groupBy(failed, ([, code]) => code)]
    const [code = ''] = byCode[0] ?? []
    if (failed.size < keys || byCode.length > 1 || code !== this.#code) this.#row.clear()
    const [together] = byCode.find(([, { length }]) => length >= keysMin && length >= keys * shareMin) ?? []
    if (together !== undefined) return together
    if (failed.size < keys || byCode.length > 1) return undefined
    this.#code = code
    for (const key of failed.keys()) this.#row.add(key)
    return this.#row.size >= keysMin ? code : undefined
  }
}
