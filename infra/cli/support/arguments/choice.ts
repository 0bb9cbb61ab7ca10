import { UsageError } from '../failure.ts'
import { didYouMean } from './nearest.ts'

export interface Choice<Name extends string> {
  /** How it was given: `DB`, `S`. */
  readonly variable: string
  readonly value: string
  readonly known: readonly Name[]
}

/** The known name that was given. Throws with what exists, and which of it was probably meant. */
export function choose<Name extends string>({ variable, value, known }: Choice<Name>): Name {
  const found = known.find((name) => name === value)
  if (found !== undefined) return found
  const what = value === '' ? `${variable} is missing.` : `${variable}=${value} does not exist.`
  throw new UsageError(`${what}${didYouMean(value, known)} There are: ${known.join(', ')}.`)
}
