import type { EffectCall } from '#messaging'
import { limitMs } from '../limits.ts'

/** The first attempt of a call with time enough, unless told otherwise. */
export const effectCall = (how: Partial<EffectCall> & Pick<EffectCall, 'idempotencyKey'>): EffectCall => ({
  attempt: 1,
  correlationId: '',
  traceparent: '',
  signal: AbortSignal.timeout(limitMs(60_000)),
  endsAt: performance.now() + 60_000,
  ...how,
})
