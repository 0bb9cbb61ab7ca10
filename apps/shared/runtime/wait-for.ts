import { setTimeout as sleep } from 'node:timers/promises'
import { describeError, type Log } from './logger.ts'
import type { Readiness } from './readiness.ts'

const firstPauseMs = 100
const longestPauseMs = 2_000
const reportEveryMs = 5_000

/**
 * Tries until it works and gives its result: `await waitFor('PostgreSQL at 127.0.0.1:15432', () => pingDatabase(db),
 * life)`. Meanwhile the name stands in `/readyz`, and the log says it at first and every five seconds.
 * @throws the signal's reason when that aborts, and nothing else
 */
export async function waitFor<T>(
  name: string,
  attempt: (signal: AbortSignal) => Promise<T> | T,
  { log, signal, readiness }: { log: Log; signal: AbortSignal; readiness: Readiness },
): Promise<T> {
  let reason = 'no answer yet'
  let failures = 0
  readiness.hold(name, reason)
  const reporter = setInterval(() => log.warn(`waiting for ${name}: ${reason}`), reportEveryMs)
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      signal.throwIfAborted()
      try {
        const result = await attempt(signal)
        if (failures > 0) log.info(`${name} is there`)
        return result
      } catch (error) {
        reason = describeError(error)
        readiness.hold(name, reason)
        failures += 1
        if (failures === 1) log.warn(`waiting for ${name}: ${reason}`)
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  } finally {
    clearInterval(reporter)
    readiness.lift(name)
  }
}
