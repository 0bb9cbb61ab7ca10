/** The parts the services stand on. Providers (native processes, later Docker) pass one conformance suite: test/infra. */
export interface Stack {
  readonly directory: string
  readonly endpoints: Endpoints
  /** What keeps `start` from working on this machine, all of it, found without starting anything. */
  problems(): Promise<readonly Problem[]>
  /** Fetches what has to be fetched once, and tells the caller before it takes long. `start` does the same in silence. */
  prepare(announce: (text: string) => void): Promise<void>
  /**
   * Starts one component, or all of them, and returns when it answers; one that runs already is left alone. Throws
   * `StartError`; what has started until then keeps running until `stop`. A component does not start those it needs.
   */
  start(component?: Component): Promise<void>
  /** Ends exactly what was started, also in an earlier process or half-way, and keeps the data. Nothing to end is fine. */
  stop(component?: Component): Promise<void>
  /** Sends a signal to one running component; SIGKILL and SIGSTOP have taken effect when it returns. Throws if it does not run. */
  kill(component: Component, signal: NodeJS.Signals): Promise<void>
  status(): Promise<readonly ComponentStatus[]>
}

export const components = ['postgres', 'kafka', 'connect'] as const
export type Component = (typeof components)[number]

/** `test` lets consumer groups use session time-outs down to 1 s, skips the wait before a group's first rebalance, and compiles less. */
export type Profile = 'production' | 'test'

export interface StackPorts {
  readonly postgres: number
  readonly kafka: number
  readonly kafkaController: number
  readonly connect: number
}

export interface StackOptions {
  /** Absolute. Holds data, logs and process records; two stacks need two directories and other ports. */
  readonly directory: string
  readonly ports: StackPorts
  readonly profile: Profile
}

export interface Endpoints {
  /** Superuser, database `paysaga`. */
  readonly adminUrl: string
  databaseUrl(role: string, database?: string): string
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
  readonly pid?: number
}

export interface ComponentStatus extends ProcessStatus {
  readonly name: Component
}

export interface Problem {
  readonly what: string
  /** A command, or what to do. */
  readonly fix: string
}

/** A process that did not come up: `message` says why, `logFile` has the rest. */
export class StartError extends Error {
  readonly component: string
  readonly logFile: string
  constructor(component: string, reason: string, logFile: string) {
    super(`${component} did not start: ${reason} (log: ${logFile})`)
    this.name = 'StartError'
    this.component = component
    this.logFile = logFile
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
