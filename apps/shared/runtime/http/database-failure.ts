import { codeOf } from '../logger.ts'

/**
 * Whether the database could not do its work now although the statement may be right: asking again later is the
 * answer. A failed commit counts too; whether it happened is then unknown.
 *
 * SQLSTATE classes, PostgreSQL appendix A: 08 connection, 25 transaction time-outs and stand-bys, 28, 3D and 42 a
 * database that is being set up, 40 lost against another transaction, 53 resources, 55 locks, 57 operator intervention
 * and time-outs, 58 and XX the server's own failures. The same classes as #messaging calls infrastructure.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = codeOf(error)
  // A row without a partition violates no constraint that has a name; the relay is about to make its partition.
  if (code === '23514') return !(error instanceof Error && 'constraint' in error && error.constraint)
  if (code !== undefined) return retryableSqlState.test(code) || systemErrors.has(code)
  return error instanceof Error && withoutCode.test(error.message)
}

const retryableSqlState = /^(?:08|25|28|3D|40|42|53|55|57|58|XX)...$/

const systemErrors: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** node-postgres gives these no code (pg 8.23, pg-pool 3). */
const withoutCode =
  /^(?:Query read timeout|timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/
