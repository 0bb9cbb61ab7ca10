import { setInterval } from 'node:timers/promises'
import { scaledMs } from '../limits.ts'

const looksMs = 50
/** One that does not answer in time has said neither yes nor no. */
const answerMs = scaledMs(500)
/** For DRAIN_MS of those behind it: some of its looks, on a busy machine too. */
export const drainMs = scaledMs(2_000)

/** A balancer: it looks at `/readyz` of each and names those in turn that were ready at its last look. */
export function balance(ports: readonly number[], signal: AbortSignal) {
  const isReady = new Map(ports.map((port) => [port, true]))
  let turn = 0
  // Each by itself: one that hangs says nothing of the others.
  const watch = async (port: number): Promise<void> => {
    for await (const _tick of setInterval(looksMs)) {
      if (signal.aborted) return
      const said = await answer(port)
      if (said !== undefined) isReady.set(port, said)
    }
  }
  return {
    ended: Promise.all(ports.map(watch)),
    next: (): number => {
      turn += 1
      const ready = ports.filter((port) => isReady.get(port))
      const upstreams = ready.length === 0 ? ports : ready
      return upstreams[turn % upstreams.length] ?? 0
    },
  }
}

const answer = (port: number): Promise<boolean | undefined> =>
  fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(answerMs) }).then(
    ({ ok }) => ok,
    // Nobody listens: that is an answer as well.
    (error: unknown) => (error instanceof Error && error.name === 'TimeoutError' ? undefined : false),
  )
