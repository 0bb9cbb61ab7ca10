/** The parts the services stand on. All providers pass one conformance suite: test/infra. */
export interface Stack {
  readonly directory: string
  readonly endpoints: Endpoints
  /** How long the slowest component may show no sign of progress while it starts. */
  readonly stillMaxMs: number
  /** What keeps `start` from working on this machine, all of it, found without starting anything. */
  problems(): Promise<readonly Problem[]>
  /** Fetches what one component, or all of them, need once, and tells the caller before it takes long. `start` does the same in silence. */
  prepare(announce: (text: string) => void, component?: Component): Promise<void>
  /**
   * Starts one component, or all of them, and returns when it answers; one that runs already is left alone. Throws
   * `StartError`; what has started until then keeps running until `stop`. A component does not start those it needs: it
   * waits for them.
   */
  start(component?: Component): Promise<void>
  /** Ends exactly what was started, also in an earlier process or half-way, and keeps the data. Nothing to end is fine. */
  stop(component?: Component): Promise<void>
  /** Sends a signal to one running component; SIGKILL and SIGSTOP have taken effect when it returns. Throws if it does not run. */
  kill(component: Component, signal: NodeJS.Signals): Promise<void>
  status(): Promise<readonly ComponentStatus[]>
  /** What a running component was started with in another form than it has now, by name: files, variables, its image. */
  changed(component: Component): Promise<readonly string[]>
  /** What a component uses now; undefined when it does not run. Takes a second where an engine has to be asked. */
  memoryBytes(component: Component): Promise<number | undefined>
  /** The end of what a component has logged, at most `count` lines; nothing when it has never run, or a container of it is gone. */
  lastLines(component: Component, count: number): Promise<readonly string[]>
  /** Calls back with each line that a component logs from now on, until this process or the container ends. */
  follow(component: Component, onLine: (line: string) => void): Promise<void>
  /** Ends everything and removes its data. @returns what is gone, in words; empty when there was nothing */
  remove(): Promise<readonly string[]>
}

export const components = ['postgres', 'kafka', 'connect'] as const
export type Component = (typeof components)[number]

/**
 * `native`: processes of this machine. `compose`: containers that `docker compose` makes. `testcontainers`: the same
 * containers for a test, removed also when the test dies.
 */
export const providers = ['native', 'compose', 'testcontainers'] as const
export type Provider = (typeof providers)[number]

/** `test` lets consumer groups use session time-outs down to 1 s, and compiles less. */
export type Profile = 'production' | 'test'

export interface StackPorts {
  readonly postgres: number
  readonly kafka: number
  readonly kafkaController: number
  readonly connect: number
}

export interface StackOptions {
  readonly provider: Provider
  /** Absolute. Holds data, logs and process records, and names the containers and volumes of Docker; two stacks need two directories and other ports. */
  readonly directory: string
  readonly ports: StackPorts
  readonly profile: Profile
  /** With testcontainers: not to be removed with the process that has made it, for the next run to find. */
  readonly reuse?: boolean
}

export interface Endpoints {
  /** Superuser, database `paysaga`. */
  readonly adminUrl: string
  databaseUrl(role: string, database?: string): string
  /** The same as Kafka Connect reaches it: beside itself, and not through this machine, when both are containers. */
  connectDatabaseUrl(role: string, database?: string): string
  readonly brokers: readonly string[]
  readonly connectUrl: string
}

/**
 * `ready` lives and answers; `silent` lives and does not answer (it starts or hangs); `paused` was stopped by a signal;
 * `dead` was started and is gone without `stop`; `stopped` does not run.
 */
export type ProcessState = 'ready' | 'silent' | 'paused' | 'dead' | 'stopped'

export interface ProcessStatus {
  readonly name: string
  readonly state: ProcessState
  readonly port: number
  /** Of a process of this machine. */
  readonly pid?: number
  /** Name of a container. */
  readonly container?: string
}

export interface ComponentStatus extends ProcessStatus {
  readonly name: Component
}

export interface Problem {
  readonly what: string
  /** A command, or what to do. */
  readonly fix: string
}

/** A process that did not come up: `message` says why, and where the rest is: a file, or a command that shows it. */
export class StartError extends Error {
  readonly component: string
  constructor(component: string, reason: string, log: string) {
    super(`${component} did not start: ${reason} (log: ${log})`)
    this.name = 'StartError'
    this.component = component
  }
}

export class PrerequisitesError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ what, fix }) => `${what}\n    ${fix}`).join('\n'))
    this.name = 'PrerequisitesError'
    this.problems = problems
  }
}
