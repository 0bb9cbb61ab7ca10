/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/

/** Throws at a line that is neither a comment nor a sample. */
export function parseExposition(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((each) => each !== '' && !each.startsWith('#'))
    .map((each) => {
      const [, name, labels = '', value] = line.exec(each) ?? []
      if (name === undefined || value === undefined) throw new Error(`This is no sample: ${each}`)
      const pairs = labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)
      return {
        name,
        labels: Object.fromEntries(Array.from(pairs, ([, k = '', v = '']) => [k, v])),
        value: Number(value),
      }
    })
}

/** The sum of all samples of that name whose labels include these; undefined when there is none. */
export function sumOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels)
  const found = samples.filter((one) => one.name === name && wanted.every(([key, value]) => one.labels[key] === value))
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
}
