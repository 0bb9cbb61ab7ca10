import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { complaintsOf } from './complaints.ts'
import { machineEnvironment, projectRoot, type ServicePorts } from './config.ts'
import { changedSince, type Daemon, daemonFiles, end, signal, start, state } from './process/daemon.ts'
import { busyPorts, type NeededPort } from './process/ports.ts'
import { serviceFolder } from './service-folder.ts'
import { settingsReadBy } from './service-settings.ts'
import type { Problem, ProcessStatus, Profile, Stack } from './stack.ts'

/**
 * What a request or a batch leaves behind is dead by the end of it: with more room between two small collections less of
 * it is taken for something that lasts. A bound to what lasts keeps a heap from growing with the machine's memory: a
 * service is a fifth smaller after a load. Batches, requests and calls have limits, so the bound is far away; the stand-ins,
 * which keep all they were told, come to it after some hundred thousand orders.
 */
export const nodeFlags = ['--max-semi-space-size=24', '--max-old-space-size=1024'] as const

/** In the order in which they may start: each line needs the ones above it, not its neighbours. */
export const serviceNames = ['mail-sink', 'gateway-simulator', 'relay', 'order', 'payment', 'notification'] as const
export type ServiceName = (typeof serviceNames)[number]

/** What depends on others ends before them. */
export const endingStages: readonly (readonly ServiceName[])[] = [
  ['order', 'payment', 'notification', 'relay'],
  ['mail-sink', 'gateway-simulator'],
]

/** The processes of `apps/`, each started like a component of the stack: detached, logged, remembered. */
export interface Services {
  /** What all of them are told. */
  readonly environment: Readonly<Record<string, string>>
  /** Ports held by other processes, of those services that do not run; of all unless some are named. */
  problems(names?: readonly ServiceName[]): Promise<readonly Problem[]>
  /** Starts one with its environment and `overrides`, and returns when `/readyz` answers 200. One that runs is left alone. Throws `StartError`. */
  start(name: ServiceName, overrides?: Readonly<Record<string, string>>): Promise<void>
  /** The settings that it runs without and would be started with now, by name; none when it does not run. */
  changed(name: ServiceName): Promise<readonly string[]>
  /** SIGTERM, and SIGKILL for one that does not go. */
  stop(name: ServiceName): Promise<void>
  /** Those that depend on others first. */
  stopAll(): Promise<void>
  kill(name: ServiceName, signal: NodeJS.Signals): Promise<void>
  status(): Promise<readonly ProcessStatus[]>
}

export interface ServicesOptions {
  readonly stack: Stack
  readonly ports: ServicePorts
  readonly profile: Profile
  /** For all services; what `start` is given wins. */
  readonly overrides?: Readonly<Record<string, string>>
}

/** Longer than the longest thing a service finishes before it ends: a gateway call of 10 s. */
const endStillMaxMs = 15_000
/** Longer than a component of the stack: what a service waits for is named, and not the service. */
const stillLongerMs = 15_000
/** `/readyz` itself waits up to two seconds for its probes. */
const answerTimeoutMs = 5_000

export function openServices(options: ServicesOptions): Services {
  const daemonOf = (name: ServiceName, overrides: Readonly<Record<string, string>> = {}) =>
    serviceDaemon(options, name, overrides)
  const stop = async (name: ServiceName) => {
    await end(daemonOf(name))
  }
  const status = () => Promise.all(serviceNames.map((name) => statusOf(daemonOf(name), name)))
  return {
    environment: { ...serviceEnvironment(options), ...options.overrides },
    problems: async (names = serviceNames) => {
      const wanted = (await status()).filter(({ name }) => names.includes(name))
      return await busyPorts(wanted.flatMap((each) => portsOf(options.ports, each)))
    },
    start: (name, overrides) => start(daemonOf(name, overrides)),
    changed: (name) => changedSince(daemonOf(name)),
    stop,
    stopAll: async () => {
      for (const names of endingStages) await Promise.all(names.map(stop))
    },
    kill: (name, signalName) => signal(daemonOf(name), signalName),
    status,
  }
}

interface ServiceStatus extends ProcessStatus {
  readonly name: ServiceName
}

async function statusOf(daemon: Daemon, name: ServiceName): Promise<ServiceStatus> {
  return { name, port: daemon.port, ...(await state(daemon)) }
}

/** None for a service that runs: it holds them itself. */
function portsOf(ports: ServicePorts, { name, pid }: ServiceStatus): readonly NeededPort[] {
  if (pid !== undefined) return []
  const own = { port: servicePort(ports, name), owner: name, variable: portVariable(name) }
  return name === 'mail-sink' ? [own, { port: ports.mailSmtp, owner: name, variable: 'MAIL_SMTP_PORT' }] : [own]
}

function portVariable(name: ServiceName): string {
  switch (name) {
    case 'mail-sink':
      return 'MAIL_HTTP_PORT'
    case 'gateway-simulator':
      return 'GATEWAY_PORT'
    case 'relay':
    case 'order':
    case 'payment':
    case 'notification':
      return `${name.toUpperCase()}_PORT`
  }
}

/** The first key of those (`key=holder,…`), to call the services as a client or as an operator. */
export function firstKey({ environment }: Services, keys: 'API_KEYS' | 'OPS_API_KEYS'): string {
  return environment[keys]?.split('=')[0] ?? ''
}

/** Where a service answers HTTP. */
export function servicePort(ports: ServicePorts, name: ServiceName): number {
  switch (name) {
    case 'mail-sink':
      return ports.mailHttp
    case 'gateway-simulator':
      return ports.gateway
    case 'relay':
    case 'order':
    case 'payment':
    case 'notification':
      return ports[name]
  }
}

/** What every service is told. Each reads its own part; `PORT` is added for each. */
export function serviceEnvironment({ stack, ports, profile }: ServicesOptions): Readonly<Record<string, string>> {
  const { endpoints, directory } = stack
  return {
    NODE_ENV: 'production',
    LOG_LEVEL: 'info',
    ORDER_DATABASE_URL: endpoints.databaseUrl('order_service'),
    PAYMENT_DATABASE_URL: endpoints.databaseUrl('payment_service'),
    NOTIFICATION_DATABASE_URL: endpoints.databaseUrl('notification_service'),
    RELAY_DATABASE_URLS: endpoints.databaseUrl('relay'),
    CONNECT_DATABASE_URLS: endpoints.connectDatabaseUrl('relay'),
    KAFKA_BROKERS: endpoints.brokers.join(','),
    // How long a killed service keeps its partitions from the others.
    KAFKA_SESSION_TIMEOUT_MS: profile === 'test' ? '2000' : '6000',
    CONNECT_URL: endpoints.connectUrl,
    CONNECTOR_TEMPLATE: fileURLToPath(new URL('./connect/outbox-connector.json', import.meta.url)),
    GATEWAY_URL: `http://127.0.0.1:${ports.gateway}`,
    GATEWAY_API_KEY: 'sk_test_gateway',
    GATEWAY_WEBHOOK_SECRETS: 'whsec_paysaga_local',
    SMTP_URL: `smtp://127.0.0.1:${ports.mailSmtp}`,
    SMTP_PORT: String(ports.mailSmtp),
    API_KEYS: 'sk_test_paysaga=0190a000-0000-7000-8000-000000000001',
    OPS_API_KEYS: 'sk_ops_paysaga=local',
    SIMULATOR_DATA_DIR: join(directory, 'gateway-simulator'),
    GATEWAY_WEBHOOK_URL: `http://127.0.0.1:${ports.payment}/webhooks/gateway`,
    GATEWAY_WEBHOOK_SECRET: 'whsec_paysaga_local',
    MAIL_DIR: join(directory, 'mail-sink'),
  }
}

function serviceDaemon(
  options: ServicesOptions,
  name: ServiceName,
  overrides: Readonly<Record<string, string>>,
): Daemon {
  const port = servicePort(options.ports, name)
  const environment = {
    ...machineEnvironment(),
    // Compiled code, and TypeScript without its types, kept from start to start: half of the work of a start.
    NODE_COMPILE_CACHE: join(projectRoot, '.cache', 'node'),
    ...serviceEnvironment(options),
    PORT: String(port),
    ...options.overrides,
    ...overrides,
  }
  return {
    name,
    ...daemonFiles(options.stack.directory, name),
    port,
    stillMaxMs: options.stack.stillMaxMs + stillLongerMs,
    endSignals: [{ signal: 'SIGTERM', stillMaxMs: endStillMaxMs + drainMsOf(environment) }],
    command: async () => ({
      file: process.execPath,
      args: [...nodeFlags, `${serviceFolder(name)}/main.ts`],
      environment,
      workingDirectory: projectRoot,
    }),
    settings: async () => {
      const { PORT, ...read } = await settingsReadBy(name, environment)
      // By the name that a person has set.
      return { ...read, [portVariable(name)]: PORT ?? '', 'the flags of node': nodeFlags.join(' ') }
    },
    answers: () => ready(`http://127.0.0.1:${port}/readyz`),
    words: () => complaintsOf({ port }),
  }
}

const drainMsOf = (environment: Readonly<Record<string, string>>): number => Number(environment['DRAIN_MS'] ?? 0)

/** Whether it answers 200 there, as `/readyz` does when all is well. */
export async function ready(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}
