import { whenReaderLeaves } from './display/output.ts'

/**
 * Aborted by Ctrl-C, by SIGTERM, and when nothing reads the output any more: for a command that goes on until then, and
 * that has something to clean up. A second Ctrl-C ends it at once.
 */
export function interruption(): AbortSignal {
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  whenReaderLeaves(interrupt)
  return interrupted.signal
}

/** Resolves when the signal is aborted. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
