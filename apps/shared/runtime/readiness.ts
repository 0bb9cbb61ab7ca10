import { describeError } from './logger.ts'

/** Says why it is not well, or nothing. */
export type Probe = () => string | undefined | Promise<string | undefined>

export interface Reason {
  readonly name: string
  readonly reason: string
}

/** What keeps this process from taking work. */
export interface Readiness {
  /** Asked at every `report`, for at most two seconds; one that throws or does not answer is a reason as well. */
  check(name: string, probe: Probe): void
  /** A reason that stands until it is lifted. */
  hold(name: string, reason: string): void
  lift(name: string): void
  /** From now on not ready for good. */
  stop(): void
  readonly stopping: boolean
  /** Empty when ready. */
  report(): Promise<readonly Reason[]>
}

const probeTimeoutMs = 2_000

export function createReadiness(): Readiness {
  const probes = new Map<string, Probe>()
  const held = new Map<string, string>()
  let stopping = false
  return {
    check: (name, probe) => void probes.set(name, probe),
    hold: (name, reason) => void held.set(name, reason),
    lift: (name) => void held.delete(name),
    stop: () => {
      stopping = true
    },
    get stopping() {
      return stopping
    },
    async report() {
      if (stopping) return [{ name: 'process', reason: 'stopping' }]
      if (held.size > 0) return Array.from(held, ([name, reason]) => ({ name, reason }))
      const answers = await Promise.all(Array.from(probes, ask))
      return answers.filter((answer) => answer !== undefined)
    },
  }
}

async function ask([name, probe]: readonly [string, Probe]): Promise<Reason | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<string>()
  const timer = setTimeout(() => resolve(`no answer within ${probeTimeoutMs} ms`), probeTimeoutMs)
  try {
    const reason = await Promise.race([probe(), late])
    return reason === undefined ? undefined : { name, reason }
  } catch (error) {
    return { name, reason: describeError(error) }
  } finally {
    clearTimeout(timer)
  }
}
