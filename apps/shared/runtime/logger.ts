import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino'

export type Log = Logger
export type LogLevel = Level | 'silent'

/** Never more than this many levels of `cause`: an error may name itself. */
const causesMax = 5

const secrets: ReadonlySet<string> = new Set([
  'authorization',
  'Authorization',
  'password',
  'secret',
  'apiKey',
  'connectionString',
  'databaseUrl',
  'paymentMethod',
  'email',
])
const censor = '[redacted]'

/**
 * One JSON line an event on stdout, written before the call returns, so that a process killed right after has said
 * it. Members that are named like a secret are replaced, at the top and one level down.
 */
export function createLogger(options: { service: string; level?: LogLevel }, destination?: DestinationStream): Log {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: withoutSecrets },
    serializers: { err: serializeError, error: serializeError },
  }
  return pino(settings, destination ?? pino.destination({ dest: 1, sync: true }))
}

/** By hand, for pino's own redaction of as many paths took a tenth of a busy service's time. */
function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  const written: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (secrets.has(name)) written[name] = censor
    else if (isPlain(value)) written[name] = withoutSecretMembers(value)
    else written[name] = value
  }
  return written
}

function withoutSecretMembers(object: object): object {
  if (!Object.keys(object).some((name) => secrets.has(name))) return object
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, secrets.has(name) ? censor : value]))
}

/** Errors have a serializer, and it does not take their members over. */
const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error)

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
