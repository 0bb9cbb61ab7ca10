import { setInterval } from 'node:timers/promises'
import { ready } from '../../infra/index.ts'

const looksMs = 50
/** For DRAIN_MS of those behind it: some of its looks, on a busy machine too. */
export const drainMs = 1_500

/** A balancer: it looks at `/readyz` of each and names those in turn that were ready at its last look. */
export function balance(ports: readonly number[], signal: AbortSignal) {
  let upstreams = ports
  let turn = 0
  const look = async (): Promise<void> => {
    for await (const _tick of setInterval(looksMs)) {
      if (signal.aborted) return
      const answers = await Promise.all(ports.map((port) => ready(`http://127.0.0.1:${port}/readyz`)))
      upstreams = ports.filter((_, index) => answers[index])
    }
  }
  return {
    ended: look(),
    next: (): number => {
      turn += 1
      return upstreams[turn % upstreams.length] ?? 0
    },
  }
}
