import { codeOf } from './logger.ts'

/**
 * Whether the database could not do its work now although the statement may be right: asking again later is the
 * answer. A failed commit counts too; whether it happened is then unknown.
 *
 * SQLSTATE classes, PostgreSQL appendix A: 08 connection, 53 resources, 57P operator intervention, 57014 time-out,
 * 40001 and 40P01 lost against another transaction, 55P03 lock time-out, 25006 a standby that took the primary's name.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined) return retryableSqlState.test(code) || systemErrors.has(code)
  return error instanceof Error && withoutCode.test(error.message)
}

const retryableSqlState = /^(?:08...|53...|57P..|57014|40001|40P01|55P03|25006)$/

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
