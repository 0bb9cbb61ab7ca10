import { inputs } from './inputs.ts'

/**
 * One state of a payment: the inputs that lead to it, and what it answers. By answer, the inputs that get it, separated
 * by commas; `Held *` is every input that begins like this and is not named more closely. Written by hand from the saga
 * and never from the code.
 */
export interface Column {
  readonly given: readonly string[]
  /** The state in words; empty before the first event. */
  readonly is: string
  readonly answers: Readonly<Record<string, string>>
}

export type Table = Readonly<Record<string, Column>>

/** @throws when an input has no answer, more than one, or when words of the table match no input. */
export function answerOf(column: Column): ReadonlyMap<string, string> {
  const patterns = Object.entries(column.answers).flatMap(([answer, names]) =>
    names.split(',').map((name) => ({ answer, pattern: name.trim() })),
  )
  const used = new Set<string>()
  const answers = new Map<string, string>()
  for (const name of inputs.keys()) {
    const matching = patterns.filter(({ pattern }) => matches(pattern, name))
    const closest = Math.max(...matching.map(({ pattern }) => closeness(pattern)))
    const [match, ...others] = matching.filter(({ pattern }) => closeness(pattern) === closest)
    if (match === undefined) throw new Error(`${column.is} has no answer to ${name}`)
    if (others.length > 0) throw new Error(`${column.is} has two answers to ${name}`)
    used.add(match.pattern)
    answers.set(name, match.answer)
  }
  const unused = patterns.filter(({ pattern }) => !used.has(pattern)).map(({ pattern }) => pattern)
  if (unused.length > 0) throw new Error(`${column.is} answers to nothing: ${unused.join(', ')}`)
  return answers
}

const matches = (pattern: string, name: string): boolean =>
  pattern === name || (pattern.endsWith('*') && pattern.length > 3 && name.startsWith(pattern.slice(0, -1).trim()))
const closeness = (pattern: string): number => (pattern.endsWith('*') ? pattern.length : 1_000)
