/** Something that takes orders over HTTP and ends each with a notification row: what is compared here. */
export interface System {
  /** For tables and plots. */
  readonly name: string
  /** `POST` one order there, with these headers and an `idempotency-key` of its own. */
  readonly orders: { readonly url: string; readonly headers: Readonly<Record<string, string>> }
  /** Its processes, ready to take orders. Those that run already are left alone. */
  start(): Promise<void>
  stop(): Promise<void>
  /** How many orders have come to their end since the system's data was made: paid, and the notification row there. */
  countEnded(): Promise<number>
  /** What became of these orders, in any order; one that is missing here is lost. */
  outcomes(orderIds: readonly string[]): Promise<readonly Outcome[]>
  /**
   * What is wrong with its data as a whole now that nothing is under way: charged twice, told twice, left hanging.
   * Empty is well. Only orders of this run are in the data.
   */
  flaws(): Promise<readonly string[]>
  /** Process ids by name, for processor time and memory. */
  processes(): Promise<ReadonlyMap<string, number>>
}

/** Commit times of the database, in milliseconds since 1970 with a fraction; undefined: has not happened. */
export interface Outcome {
  readonly orderId: string
  readonly notifiedAtMs: number | undefined
  readonly paidAtMs: number | undefined
}

/** An order that was answered. Times of the machine's clock, in milliseconds since 1970 with a fraction. */
export interface Sent {
  readonly orderId: string
  /** When it was due to be sent. In an open load this is the plan, and not when a late sender came round to it. */
  readonly plannedAtMs: number
  readonly answeredAtMs: number
}

export interface Load {
  readonly kind: 'closed' | 'open'
  /** Closed: connections, each with one request under way. Open: orders a second, evenly planned. */
  readonly intensity: number
  readonly seconds: number
  /** Orders are made from it: the same seed, the same orders. */
  readonly seed: number
}

/** What a load came to. A run with `faults` is void, and its numbers are not to be shown. */
export interface Run {
  readonly system: string
  readonly load: Load
  readonly orders: number
  /** Orders brought to their end in a second: from the first order to the last end, with whatever had to be caught up. */
  readonly endedPerSecond: number
  /** From the planned sending, in milliseconds. */
  readonly toAnswer: Percentiles
  readonly toNotified: Percentiles
  readonly toPaid: Percentiles
  /** Cores used by each process while the load ran and was worked off. */
  readonly cores: Readonly<Record<string, number>>
  /** Processor time of all processes but the loader, in milliseconds, by orders. */
  readonly cpuMsPerOrder: number
  /** Requests that failed, orders lost, doubled or left hanging. */
  readonly faults: readonly string[]
}

export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}
