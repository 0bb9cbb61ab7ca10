import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel'
import { type Log, NotPerformed } from '#messaging'
import type { Gateway, GatewayWord } from './gateway.ts'
import { StillUnderWay } from './stripe-answers.ts'

export interface BreakerLimits {
  /** So many calls without an answer, one after the other, are not about one order any more. */
  readonly failuresMax: number
  /** How long the gateway is left alone before one call may try. */
  readonly restMs: number
}

const unanswered = handleWhen((error) => !(error instanceof StillUnderWay))

/** Ten in a row: a bad API key, a deploy at the other side, a network that is gone. */
export const breakerLimits: BreakerLimits = { failuresMax: 10, restMs: 5_000 }

/**
 * Leaves a gateway alone that answers nobody, and says so. What is not sent is `NotPerformed`: it waits its turn, and
 * no order is declined for it. A refusal is an answer and never opens the circuit.
 */
export function withBreaker(gateway: Gateway, log: Log, { failuresMax, restMs } = breakerLimits): Gateway {
  const breaker = circuitBreaker(unanswered, { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(failuresMax) })
  breaker.onBreak((cause) => {
    const err = 'error' in cause ? cause.error : undefined
    log.error({ err, restMs }, 'the gateway answers nobody and is left alone')
  })
  breaker.onReset(() => log.info({}, 'the gateway answers again'))

  const guarded = async (call: () => Promise<GatewayWord>): Promise<GatewayWord> => {
    try {
      return await breaker.execute(call)
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw new NotPerformed('The gateway is left alone for a while')
      throw error
    }
  }
  return {
    authorise: (hold, call) => guarded(() => gateway.authorise(hold, call)),
    capture: (capture, call) => guarded(() => gateway.capture(capture, call)),
    void: (release, call) => guarded(() => gateway.void(release, call)),
    refund: (refund, call) => guarded(() => gateway.refund(refund, call)),
  }
}
