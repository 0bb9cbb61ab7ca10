/**
 * What a failure means for the work at hand.
 * - `conflict`: somebody else was faster; the same work again, at once.
 * - `infrastructure`: nothing else could succeed either; wait, then the same work again.
 * - `content`: this work fails whenever it is tried: bad data, or a bug of ours.
 */
export type Failure = 'conflict' | 'infrastructure' | 'content'

/** Another transaction made the row first, between our look and our insert. */
export class SomebodyWasFaster extends Error {
  override readonly name = 'SomebodyWasFaster'
}

/**
 * SQLSTATE classes (PostgreSQL, appendix A) after which the same transaction may succeed: connection, rollback
 * (deadlock, serialization), a missing privilege or table during a deployment, resources, lock time-out,
 * operator intervention, system error, internal error.
 */
const infrastructureClasses = new Set(['08', '25', '28', '3D', '40', '42', '53', '55', '57', '58', 'XX'])
const systemErrors = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/
/** node-postgres gives these no code. */
const withoutCode =
  /connection terminated|connection timeout|timeout exceeded|query read timeout|not queryable|pool after/i

/** For a line of a log or a reason not to be ready. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** What tells one failure from another: the SQLSTATE, or the error's name. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/**
 * For a table and for people: what failed, and nothing of what it was about. The messages of errors quote values; where it
 * was thrown tells as much.
 */
export function whatFailed(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const constraint = 'constraint' in error && typeof error.constraint === 'string' ? ` ${error.constraint}` : ''
  const [, where = ''] = /\n\s+at (?:async )?([^\n]+)/.exec(error.stack ?? '') ?? []
  const frame = where.replace(/(?:file:\/\/)?\/\S*\//, '')
  return constraint === '' && frame !== '' ? `${codeOf(error)} at ${frame}` : `${codeOf(error)}${constraint}`
}

/** A statement or transaction was cancelled, for its time was over: less of the same work may have enough of it. */
export const tookTooLong = (error: unknown): boolean => codeOf(error) === '57014' || codeOf(error) === '25P04'

export function classify(error: unknown): Failure {
  if (error instanceof SomebodyWasFaster) return 'conflict'
  if (!(error instanceof Error)) return 'content'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if ('syscall' in error) return 'infrastructure'
  // A row without a partition violates no constraint of ours; the relay is about to make its partition.
  if (code === '23514' && !('constraint' in error && error.constraint)) return 'infrastructure'
  if (/^[0-9A-Z]{5}$/.test(code) && !systemErrors.test(code)) {
    return infrastructureClasses.has(code.slice(0, 2)) ? 'infrastructure' : 'content'
  }
  return systemErrors.test(code) || withoutCode.test(error.message) ? 'infrastructure' : 'content'
}
