import { setTimeout } from 'node:timers/promises'

/** Works, then pauses for as many milliseconds as the work says, until the signal. */
export async function repeat(signal: AbortSignal, work: () => Promise<number>): Promise<void> {
  while (!signal.aborted) {
    const pauseMs = await work()
    await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}
