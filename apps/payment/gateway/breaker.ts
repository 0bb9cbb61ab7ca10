import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen, TimeoutStrategy, timeout } from 'cockatiel'
import { type Log, NotPerformed } from '#messaging'
import type { Gateway } from './gateway.ts'
import type { GatewayLookUps } from './look-ups.ts'
import { StillUnderWay } from './stripe/stripe-answers.ts'

export interface BreakerLimits {
  /** So many calls without an answer, one after the other, are not about one order any more. */
  readonly failuresMax: number
  /** How long the gateway is left alone before one call may try. */
  readonly restMs: number
}

const unanswered = handleWhen((error) => !(error instanceof StillUnderWay))

/** Ten in a row: a bad API key, a deploy at the other side, a network that is gone. */
export const breakerLimits: BreakerLimits = { failuresMax: 10, restMs: 5_000 }

/** Look-ups have one of their own: whatever becomes of them, calls that move money are made. */
export type Circuit = <Word>(call: () => Promise<Word>) => Promise<Word>

/**
 * Leaves a gateway alone that answers nobody, and says so. What is not sent is `NotPerformed`: it waits its turn, and
 * no order is declined for it. A refusal is an answer and never opens the circuit.
 */
export function gatewayCircuit(log: Log, { failuresMax, restMs } = breakerLimits): Circuit {
  const breaker = circuitBreaker(unanswered, { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(failuresMax) })
  breaker.onBreak((cause) => {
    const err = 'error' in cause ? cause.error : undefined
    log.error({ err, restMs }, 'the gateway answers nobody and is left alone')
  })
  breaker.onReset(() => log.info({}, 'the gateway answers again'))
  return async (call) => {
    try {
      return await breaker.execute(call)
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw new NotPerformed('The gateway is left alone for a while')
      throw error
    }
  }
}

/** Calls have their time from the runner, which also says how many there are at once. */
export function withBreaker(gateway: Gateway, circuit: Circuit): Gateway {
  return {
    authorise: (hold, call) => circuit(() => gateway.authorise(hold, call)),
    capture: (capture, call) => circuit(() => gateway.capture(capture, call)),
    void: (release, call) => circuit(() => gateway.void(release, call)),
    refund: (refund, call) => circuit(() => gateway.refund(refund, call)),
  }
}

/** @param timeoutMs for one look-up with all its requests */
export function lookUpsWithBreaker(lookUps: GatewayLookUps, circuit: Circuit, timeoutMs: number): GatewayLookUps {
  const inTime = timeout(timeoutMs, TimeoutStrategy.Aggressive)
  const guarded = <Word>(look: () => Promise<Word>): Promise<Word> => circuit(() => inTime.execute(look))
  return {
    lookUp: (paymentId, options) => guarded(() => lookUps.lookUp(paymentId, options)),
    search: (orderId) => guarded(() => lookUps.search(orderId)),
  }
}
