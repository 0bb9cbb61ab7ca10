import { z } from 'zod'

/** A key and whom it stands for. The key is a secret: never log the map. */
export type Keyring = ReadonlyMap<string, string>

/** EX_CONFIG of sysexits.h: a supervisor that knows it does not restart in vain. */
const configurationExitCode = 78

/** Its message names every variable that is wrong and what is wrong with it, one a line, and no value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/**
 * Reads the environment of this process by a zod object whose keys are the variables. Ends the process with 78 and a
 * message on stderr when a variable is missing or wrong; a stack trace would tell the operator nothing.
 */
export function readConfig<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>): z.output<z.ZodObject<Shape>> {
  try {
    return parseConfig(schema, process.env)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    process.stderr.write(`${error.name}: ${error.message}\n`)
    process.exit(configurationExitCode)
  }
}

/** Takes an empty variable for a missing one, because compose files and shells cannot leave one out.
 * @throws ConfigurationError */
export function parseConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<z.ZodObject<Shape>> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => {
    const variable = String(issue.path[0] ?? '')
    return `  ${variable} ${variable in given ? issue.message : 'is missing'}`
  })
  throw new ConfigurationError(`cannot start, because of the environment:\n${lines.join('\n')}`)
}

/** The usual variables. Give one a default with `.default(...)`, in the type that comes out of it. */
export const env = {
  port: () => integer('must be a port from 0 to 65535', { min: 0, max: 65_535 }),
  /** A whole number of milliseconds. */
  durationMs: (range: { min: number; max: number }) => count(range),
  count,
  flag: () => z.stringbool({ error: 'must be true or false' }),
  directory: () => z.string({ error: 'must be a directory' }),
  host: () => z.string({ error: 'must be a host name or address' }),
  logLevel: () => z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }),
  /** `url('http', 'https')`: an absolute URL of one of these schemes, as it was written. */
  url: (...schemes: readonly string[]) =>
    z.string().refine((text) => hasHostAndScheme(text, schemes), {
      error: `must be a URL such as ${schemes[0] ?? 'http'}://host:port/path`,
    }),
  databaseUrl: () => env.url('postgresql', 'postgres'),
  /** `host:port`, several separated by commas. */
  brokers: () =>
    z
      .string()
      .transform((text) => text.split(',').map((broker) => broker.trim()))
      .pipe(z.array(z.string().regex(/^\S+:\d+$/, { error: 'must be host:port, several separated by commas' })).min(1)),
  secret: () => z.string(),
  /** Several separated by commas, so that one can be replaced by another while both are in use. */
  secrets: () =>
    z
      .string()
      .transform((text) => text.split(',').map((secret) => secret.trim()))
      .pipe(
        z.array(
          z.string().regex(/^\S{8,}$/, { error: 'must be secrets of 8 characters or more, separated by commas' }),
        ),
      ),
  /** `<name>` or `<name>:<n>`, for the n-th passage. */
  failpoint: () => z.string().regex(/^[a-z.-]+(:[1-9]\d{0,5})?$/, { error: 'must be <name> or <name>:<n>' }),
  /** `API_KEYS="sk_test_paysaga=<merchant uuid>,…"`: from key to merchant. */
  apiKeys: () => keyring(z.uuid(), '<key>=<merchant uuid>'),
  /** `OPS_API_KEYS="sk_ops_paysaga=<name>,…"`: from key to the name that is noted beside what its holder does. `schedule` is nobody's. */
  operatorKeys: () => keyring(z.string().regex(/^(?!schedule$)[\w.@-]{1,64}$/), '<key>=<name>'),
} as const

/** Whether the environment names a collector of traces, for those variables that OpenTelemetry reads by itself. */
export function otlpEndpointIsSet(): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces } = process.env
  return Boolean(all) || Boolean(traces)
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

function hasHostAndScheme(text: string, schemes: readonly string[]): boolean {
  const url = URL.parse(text)
  return url !== null && url.host !== '' && schemes.includes(url.protocol.slice(0, -1))
}

function count(range: { min: number; max: number }) {
  return integer(`must be a whole number from ${range.min} to ${range.max}`, range)
}

function integer(error: string, { min, max }: { min: number; max: number }) {
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .pipe(z.int({ error }).min(min, { error }).max(max, { error }))
}

function keyring(holder: z.ZodType<string>, form: string) {
  return z.string().transform((text, context): Keyring => {
    const keys = new Map<string, string>()
    for (const [index, entry] of text.split(',').entries()) {
      const [key = '', value = '', ...rest] = entry.trim().split('=')
      const parsed = holder.safeParse(value)
      if (!parsed.success || rest.length > 0 || !/^[\w.-]{8,128}$/.test(key) || keys.has(key)) {
        context.addIssue({ code: 'custom', message: `has an entry ${index + 1} that is not a new ${form}` })
        return z.NEVER
      }
      keys.set(key, parsed.data)
    }
    return keys
  })
}
