import pg from 'pg'
import { z } from 'zod'

/** The command was called with something that it cannot take. The message says what, and what there is instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const nothingAnswers = 'Nothing answers there. make up starts everything, make status says what runs and where.'

/** What a person is told of whatever a command has thrown: no stack, no dump of a library. */
export function failureInWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (isUnanswered(error)) return nothingAnswers
  if (error instanceof z.ZodError)
    return `An answer has another form than this version expects:\n${issuesInWords(error)}`
  if (error instanceof pg.DatabaseError) return databaseErrorInWords(error)
  if (error.name === 'TimeoutError') return 'No answer came in time. make status says what runs and what is silent.'
  if (isMissingProgram(error)) return `${error.path} cannot be run: it is not installed, or not on the PATH.`
  if (error instanceof AggregateError) return error.errors.map(failureInWords).join('\n')
  // fetch says "fetch failed", and why in the cause.
  return error.message === 'fetch failed' && error.cause !== undefined ? failureInWords(error.cause) : error.message
}

const isMissingProgram = (error: Error): error is Error & { readonly path: string } =>
  'code' in error && error.code === 'ENOENT' && 'path' in error && error.message.startsWith('spawn ')

/** One line for each field that is wrong. */
function issuesInWords({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `  ${path.length === 0 ? '' : `${path.join('.')}: `}${message}`).join('\n')
}

/** As psql shows it. */
function databaseErrorInWords({ severity, code, message, detail, hint, position }: pg.DatabaseError): string {
  const where = position === undefined ? '' : ` (at character ${position})`
  return [
    `PostgreSQL answers ${severity ?? 'ERROR'} ${code ?? ''}: ${message}${where}`,
    ...(detail === undefined ? [] : [`  ${detail}`]),
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ].join('\n')
}

/** What fetch, pg and kafkajs throw when nothing listens; each wraps it in its own way. */
function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (/^(connect ECONNREFUSED|connection error)/i.test(error.message)) return true
  if ('code' in error && error.code === 'ECONNREFUSED') return true
  return isUnanswered(error.cause)
}
