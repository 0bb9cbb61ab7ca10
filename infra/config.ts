import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Provider, StackOptions } from './stack.ts'

export const projectRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')

/** The only place where `infra` reads the environment. */
const environment = process.env

export const javaHome = environment['JAVA_HOME']

/** The file of settings that this process was started with, as `make` does it: `node --env-file=.env`. */
export const environmentFile = process.execArgv.find((flag) => flag.startsWith('--env-file='))?.split('=')[1]

/** What a child needs of this machine, and what is nothing of this project, of npm, or of a test runner. */
export const machineVariables: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'JAVA_HOME',
  // Which engine the docker command talks to, and with which rights.
  'DOCKER_HOST',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'DOCKER_CONFIG',
  'XDG_RUNTIME_DIR',
  'LD_LIBRARY_PATH',
  'SSL_CERT_FILE',
  // Which runs it belongs to (runs/config.ts).
  'PAYSAGA_RUN',
]

export function machineEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    machineVariables.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

const partitions = z.coerce.number({ error: 'must be a number' }).int().min(1).max(1_000).optional()
const port = (preset: number) =>
  z.coerce
    .number({ error: 'must be a port, 1 to 65535' })
    .int({ error: 'must be a port, 1 to 65535' })
    .min(1, { error: 'must be a port, 1 to 65535' })
    .max(65_535, { error: 'must be a port, 1 to 65535' })
    .default(preset)

const variables = z
  .object({
    STACK: z.enum(['', 'native', 'docker'], { error: 'must be native or docker' }).default(''),
    PAYSAGA_DIRECTORY: z
      .string()
      .default('')
      .transform((path) => resolve(projectRoot, path === '' ? '.paysaga' : path)),
    POSTGRES_PORT: port(15_432),
    KAFKA_PORT: port(19_092),
    KAFKA_CONTROLLER_PORT: port(19_093),
    CONNECT_PORT: port(18_083),
    ORDER_PORT: port(3001),
    PAYMENT_PORT: port(3002),
    NOTIFICATION_PORT: port(3003),
    RELAY_PORT: port(3004),
    GATEWAY_PORT: port(3010),
    MAIL_SMTP_PORT: port(3025),
    MAIL_HTTP_PORT: port(3026),
    KAFKA_PARTITIONS: partitions,
  })
  .superRefine((values, context) => {
    const ports = Object.entries(values).filter(([name]) => name.endsWith('_PORT'))
    for (const [index, [name, value]] of ports.entries()) {
      const other = ports.slice(0, index).find((earlier) => earlier[1] === value)
      if (other) context.addIssue({ code: 'custom', path: [name], message: `is the port of ${other[0]} as well` })
    }
  })

export interface InfraConfig {
  /** What STACK asks for, if anything. */
  readonly provider?: Provider
  readonly stack: Omit<StackOptions, 'provider'>
  readonly servicePorts: ServicePorts
  /** Overrides the partitions of the saga topics in topics.json when they are made. */
  readonly partitions?: number
  /** Settings of the services that a person may change without touching code: `LOG_LEVEL=debug make up`. */
  readonly serviceOverrides: Readonly<Record<string, string>>
}

export interface ServicePorts {
  readonly order: number
  readonly payment: number
  readonly notification: number
  readonly relay: number
  readonly gateway: number
  readonly mailSmtp: number
  readonly mailHttp: number
}

/** Throws with the name of every variable that is wrong. */
export function readConfig(): InfraConfig {
  const data = parsed(variables)
  return {
    ...(data.STACK === '' ? {} : { provider: data.STACK === 'docker' ? 'compose' : 'native' }),
    stack: {
      directory: data.PAYSAGA_DIRECTORY,
      profile: 'production',
      ports: {
        postgres: data.POSTGRES_PORT,
        kafka: data.KAFKA_PORT,
        kafkaController: data.KAFKA_CONTROLLER_PORT,
        connect: data.CONNECT_PORT,
      },
    },
    servicePorts: {
      order: data.ORDER_PORT,
      payment: data.PAYMENT_PORT,
      notification: data.NOTIFICATION_PORT,
      relay: data.RELAY_PORT,
      gateway: data.GATEWAY_PORT,
      mailSmtp: data.MAIL_SMTP_PORT,
      mailHttp: data.MAIL_HTTP_PORT,
    },
    ...(data.KAFKA_PARTITIONS === undefined ? {} : { partitions: data.KAFKA_PARTITIONS }),
    serviceOverrides: Object.fromEntries(
      [...overridable, ...openTelemetry].flatMap((name) => {
        const value = environment[name]
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  }
}

/** What .env.example offers to a person; a tidy test compares. The rest `make` decides by the stack it has started. */
const overridable = [
  'LOG_LEVEL',
  'HOST',
  'API_KEYS',
  'OPS_API_KEYS',
  'KAFKA_SESSION_TIMEOUT_MS',
  'CONNECTOR_POLL_MS',
  'DRAIN_MS',
  'ORDER_DATABASE_POOL',
  'PAY_WITHIN_MS',
  'CAPTURE_WITHIN_MS',
  'PAYMENT_DATABASE_POOL',
  'GATEWAY_URL',
  'GATEWAY_API_KEY',
  'GATEWAY_TIMEOUT_MS',
  'GATEWAY_WEBHOOK_SECRETS',
  'RECONCILE_EVERY_MS',
  'NOTIFICATION_DATABASE_POOL',
  'SMTP_URL',
  'SMTP_POOL',
  'SMTP_TIMEOUT_MS',
  'MAIL_FROM',
  'GATEWAY_LATENCY_MS',
  'GATEWAY_HOLD_MS',
  'GATEWAY_KEY_LIFETIME_MS',
  'GATEWAY_REFUND_SETTLE_MS',
  'GATEWAY_WEBHOOK_URL',
  'GATEWAY_WEBHOOK_SECRET',
  'GATEWAY_WEBHOOK_EVENTS',
  'GATEWAY_WEBHOOK_RETRY_MS',
  'MAIL_MAX_MESSAGES',
  'MAIL_MAX_BYTES',
]

/** OpenTelemetry's SDK has dozens of variables and reads them by itself. */
export const isOpenTelemetry = (name: string): boolean => name.startsWith('OTEL_')
const openTelemetry = Object.keys(environment).filter(isOpenTelemetry)

const migrationsVariables = z.object({
  MIGRATIONS_DATABASE_URL: z.string().min(1),
})

const topicsVariables = z.object({
  KAFKA_BROKERS: z.string().min(1),
  // Compose cannot leave a variable out.
  KAFKA_PARTITIONS: z.preprocess((text) => text || undefined, partitions),
})

const ledgerVariables = z.object({
  PAYMENT_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, { error: 'must be a connection string, postgres://…' })
    .optional(),
})

/** Which ledger is verified: without it the local stack's. */
export const readLedgerConfig = () => parsed(ledgerVariables)

/** What the one-shot jobs are told. Both throw with the name of every variable that is wrong. */
export const readMigrationsConfig = () => parsed(migrationsVariables)
export const readTopicsConfig = () => parsed(topicsVariables)

function parsed<Output>(schema: z.ZodType<Output>): Output {
  const result = schema.safeParse(environment)
  if (result.success) return result.data
  const wrong = result.error.issues.map(({ path: [name = ''], message }) => {
    const value = environment[String(name)]
    // A connection string may hold a password.
    const isShown = value !== undefined && !String(name).includes('_URL')
    return `  ${String(name)}${isShown ? `=${value}` : ''}: ${message}`
  })
  throw new Error(`The environment (or .env) is wrong:\n${wrong.join('\n')}`)
}
