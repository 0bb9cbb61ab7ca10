import { pause } from '#messaging'

/** Work that is found in the database again and again, apart from requests and messages. */
export interface Worker {
  start(): void
  /** There is something to do in `afterMs` milliseconds. */
  wake(afterMs?: number): void
  /** Takes nothing new. Resolves when what is under way has ended, or is left to others because it takes too long. */
  stop(options: { readonly timeoutMs: number }): Promise<void>
}

export interface WorkerOptions {
  /** One round. @returns whether there may be more to do right away */
  readonly once: (signal: AbortSignal) => Promise<boolean>
  /** What other processes left behind is found at this interval. */
  readonly pollMs: number
  readonly onFailure: (error: unknown) => void
}

export function worker({ once, pollMs, onFailure }: WorkerOptions): Worker {
  const stopping = new AbortController()
  const { signal } = stopping
  let woken = new AbortController()
  let waking: AbortController | undefined
  let ended: Promise<void> = Promise.resolve()
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      woken = new AbortController()
      const hasMore = await once(signal).catch((error: unknown) => {
        onFailure(error)
        return false
      })
      if (!hasMore) await pause(pollMs, AbortSignal.any([signal, woken.signal]))
    }
  }
  return {
    start: () => {
      ended = run()
    },
    wake: (afterMs = 0) => {
      const resting = woken
      // One is enough: what was kept meanwhile is taken with it, or is due so soon after.
      if (waking === resting) return
      waking = resting
      void pause(afterMs, AbortSignal.any([signal, resting.signal])).then(() => resting.abort('woken'))
    },
    stop: async ({ timeoutMs }) => {
      stopping.abort()
      const late = new AbortController()
      await Promise.race([ended, pause(timeoutMs, late.signal)])
      late.abort()
    },
  }
}
