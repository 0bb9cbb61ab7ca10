/** Makes attempts side by side, and few while none succeeds. */
export interface Courier<Job> {
  /** In the order of calls. */
  dispatch(job: Job): void
  /** Begins nothing more, and resolves when what is under way has ended. */
  stop(): Promise<void>
}

export interface CourierOptions<Job> {
  /** Whether it succeeded. Never rejects. */
  readonly attempt: (job: Job) => Promise<boolean>
  /** After so many failures in a row nobody is there: then one attempt at a time, so far apart. */
  readonly restMs: number
}

const attemptsAtOnce = 8
const failuresToRest = 5

export function createCourier<Job>({ attempt, restMs }: CourierOptions<Job>): Courier<Job> {
  const waiting: Job[] = []
  const underWay = new Set<Promise<void>>()
  let failures = 0
  let resting: NodeJS.Timeout | undefined
  let stopped = false

  function go(): void {
    const most = failures < failuresToRest ? attemptsAtOnce : 1
    while (!stopped && resting === undefined && underWay.size < most) {
      const job = waiting.shift()
      if (job === undefined) return
      const run = once(job).finally(() => {
        underWay.delete(run)
        go()
      })
      underWay.add(run)
    }
  }

  async function once(job: Job): Promise<void> {
    if (await attempt(job)) {
      failures = 0
      return
    }
    failures += 1
    if (failures < failuresToRest) return
    clearTimeout(resting)
    resting = setTimeout(() => {
      resting = undefined
      go()
    }, restMs)
  }

  return {
    dispatch(job) {
      waiting.push(job)
      go()
    },
    async stop() {
      stopped = true
      clearTimeout(resting)
      await Promise.all(underWay)
    },
  }
}
