import { networkMax } from './faults.ts'
import type { Simulated } from './simulated.ts'

/** What a runner learns of its call. `lost`: that nobody knows. */
export type Reply<Outcome> =
  | { readonly is: 'answer'; readonly outcome: Outcome }
  | { readonly is: 'lost' }
  | { readonly is: 'not performed' }

const usualMs = 40
const lost = { is: 'lost' } as const

/** The network between a runner and the other side. `perform` is the other side, at the moment the request arrives. */
export function throughTheNetwork<Outcome>(
  { schedule, faults }: Simulated,
  { timeoutMs, perform }: { readonly timeoutMs: number; readonly perform: () => Reply<Outcome> },
  reply: (reply: Reply<Outcome>) => void,
): void {
  const lostAfter = (ms: number) => schedule.after(ms, () => reply(lost))
  if (faults.strike('a call is not performed')) {
    schedule.after(usualMs, () => reply({ is: 'not performed' }))
  } else if (faults.strike('a call times out, not done')) {
    lostAfter(timeoutMs)
  } else if (faults.strike('a call times out, done')) {
    schedule.after(usualMs, perform)
    lostAfter(timeoutMs)
  } else if (faults.strike('a call is reset or answered 5xx, not done')) {
    lostAfter(usualMs)
  } else if (faults.strike('a call is reset or answered 5xx, done')) {
    schedule.after(usualMs, () => {
      perform()
      reply(lost)
    })
  } else {
    const ms = faults.strike('a call is slow') ? faults.longMs(networkMax) : usualMs
    const isInTime = ms < timeoutMs
    schedule.after(ms, () => {
      const answer = perform()
      if (isInTime) reply(answer)
    })
    if (!isInTime) lostAfter(timeoutMs)
  }
}
