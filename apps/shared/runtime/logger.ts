import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino'

export type Log = Logger
export type LogLevel = Level | 'silent'

/** Never more than this many levels of `cause`: an error may name itself. */
const causesMax = 5

const secrets = [
  'authorization',
  'Authorization',
  'password',
  'secret',
  'apiKey',
  'connectionString',
  'databaseUrl',
  'paymentMethod',
  'email',
]

/**
 * One JSON line an event on stdout, written before the call returns, so that a process killed right after has said
 * it. Members that are named like a secret are replaced, at the top and one level down.
 */
export function createLogger(options: { service: string; level?: LogLevel }, destination?: DestinationStream): Log {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    serializers: { err: serializeError, error: serializeError },
  }
  return pino(settings, destination ?? pino.destination({ dest: 1, sync: true }))
}

/** One line for people: `ECONNREFUSED`, `57P03 the database system is starting up`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = codeOf(error)
  // Node's message repeats the address that the reader already has; PostgreSQL's says more than its SQLSTATE.
  if (code !== undefined && /^E[A-Z_]+$/.test(code)) return code
  const message = error.message || error.name
  return code === undefined ? message : `${code} ${message}`
}

/** The SQLSTATE of a database error or the code of a system error. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return undefined
}

interface LoggedError {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly constraint?: string
  readonly stack?: string
  readonly cause?: unknown
}

/** Without PostgreSQL's `detail` and `where`: they quote the row, and rows hold names and addresses. */
function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const code = codeOf(error)
  const logged: LoggedError = {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...('constraint' in error && typeof error.constraint === 'string' ? { constraint: error.constraint } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth >= causesMax ? {} : { cause: serializeError(error.cause, depth + 1) }),
  }
  return logged
}
