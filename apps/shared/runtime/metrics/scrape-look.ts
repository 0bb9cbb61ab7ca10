/** Something to be looked up when somebody scrapes. */
export interface Look {
  /** The `source` of its failures. */
  readonly name: string
  /** Those that `fill` sets: a failure takes them away, for an old value would read as today's. */
  readonly gauges: readonly ClearableGauge[]
  readonly fill: () => void | Promise<void>
}

/** A gauge of prom-client, as far as clearing it goes. */
interface ClearableGauge {
  reset(): void
  remove(labels: object): void
}

/** However many scrapes there are, the database is asked so often at most. */
const lookEveryMs = 1_000
/** Shorter than the 10 s that scrapers wait. */
const lookMaxMs = 2_000

/**
 * A look that never rejects, is taken once at a time and at most once a second. `failed` is told of each failure, and
 * whether it is the first of a row. One that takes too long has failed; until it ends nobody looks again.
 */
export function carefulLook(
  { gauges, fill }: Look,
  failed: (error: unknown, isFirst: boolean) => void,
): () => Promise<void> {
  let awaited: Promise<void> | undefined
  let isFilling = false
  let lookedAt = Number.NEGATIVE_INFINITY
  let failures = 0
  const filling = async (): Promise<void> => {
    isFilling = true
    try {
      await fill()
    } finally {
      isFilling = false
    }
  }
  const look = async (): Promise<void> => {
    lookedAt = performance.now()
    try {
      await inTime(filling())
      failures = 0
    } catch (error) {
      for (const gauge of gauges) clear(gauge)
      failures += 1
      failed(error, failures === 1)
    }
    awaited = undefined
  }
  return async () => {
    const isTooSoon = isFilling || performance.now() - lookedAt < lookEveryMs
    if (awaited === undefined && isTooSoon) return
    awaited ??= look()
    await awaited
  }
}

/** `reset` gives a gauge without labels the value 0, which would read as all is well. */
function clear(gauge: ClearableGauge): void {
  gauge.reset()
  gauge.remove({})
}

async function inTime(work: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${lookMaxMs} ms`)), lookMaxMs)
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
