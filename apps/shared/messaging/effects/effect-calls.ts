import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import type { EffectsOf } from '../context.ts'
import { backoffMs, callDelays } from '../lib/backoff.ts'
import { failpoint } from '../lib/failpoint.ts'
import { type CallOutcome, endSpan, registeredTracer, startSpan, traceparentAfter } from '../observability/observer.ts'
import type { LeasedEffect } from '../transaction/effect-rows.ts'
import { handlerOf, NotPerformed, type Vocabulary } from '../types/vocabulary.ts'
import { postpone } from './leases.ts'
import type { Answer } from './outcomes.ts'

type Settle<V extends Vocabulary> = (effect: LeasedEffect<V>, answer: Answer<V>) => Promise<void>

/** Never rejects: what fails here comes back when the lease is over, under the same idempotency key. */
export async function carryOut<V extends Vocabulary>(
  options: EffectsOf<V>,
  outcomes: Settle<V>,
  effect: LeasedEffect<V>,
): Promise<void> {
  const fields = { orderId: effect.key, effectId: effect.id, effect: effect.effect.type, attempt: effect.attempt }
  const startedAt = performance.now()
  try {
    const { answer, error, traceparent } =
      effect.outcome === undefined
        ? await watchedCall(options, effect)
        : { ...known<V>(effect.outcome), traceparent: effect.traceparent }
    const ms = Math.round(performance.now() - startedAt)
    // At level debug, for a line tells what the outcome was taken for.
    if (error === undefined) options.log.debug({ ...fields, ms }, 'effect answered')
    else options.log.warn({ ...fields, ms, err: error }, 'effect has no proper outcome')
    if (answer === undefined) await again(options, effect, error)
    else await outcomes({ ...effect, traceparent }, answer)
  } catch (error) {
    options.log.error({ ...fields, err: error }, 'the outcome was not stored, the effect runs again after its lease')
  }
}

interface Called<V extends Vocabulary> {
  /** Undefined: there is nothing to tell `decide`, the call is made again. */
  readonly answer: Answer<V> | undefined
  readonly error?: unknown
}

const known = <V extends Vocabulary>(outcome: V['outcome']): Called<V> => ({ answer: { outcome, ends: true } })

/** A call in a span, which the other side continues, and so does whatever is said of the outcome. */
async function watchedCall<V extends Vocabulary>(
  options: EffectsOf<V>,
  effect: LeasedEffect<V>,
): Promise<Called<V> & { readonly traceparent: string }> {
  const kind = effect.effect.type
  const tracer = registeredTracer()
  const attributes = { 'paysaga.order.id': effect.key, 'paysaga.effect.attempt': effect.attempt }
  const plan = { name: `call ${kind}`, kind: SpanKind.CLIENT, traceparent: effect.traceparent, attributes } as const
  const span = tracer && startSpan(tracer, plan)
  const traceparent = traceparentAfter(span, effect.traceparent)
  const startedAt = performance.now()
  try {
    const calling = () => call(options, { ...effect, traceparent })
    const called = await (span === undefined ? calling() : context.with(trace.setSpan(ROOT_CONTEXT, span), calling))
    const outcome = callOutcomeOf(called)
    options.observer?.effectCalled({ kind, outcome, seconds: (performance.now() - startedAt) / 1_000 })
    endSpan(span, { outcome, failed: outcome !== 'answered' })
    return { ...called, traceparent }
  } finally {
    endSpan(span, { outcome: 'failed', failed: true })
  }
}

function callOutcomeOf<V extends Vocabulary>({ answer, error }: Called<V>): CallOutcome {
  if (error === undefined) return 'answered'
  if (error instanceof NotPerformed) return 'not_performed'
  return answer?.gaveUp === true ? 'gave_up' : 'unknown'
}

/** What the other side said, or what its silence means. */
async function call<V extends Vocabulary>(
  { participant }: EffectsOf<V>,
  { effect, idempotencyKey, attempt, traceparent, key, ageMs, isUnknown }: LeasedEffect<V>,
): Promise<Called<V>> {
  const handler = handlerOf(participant, effect.type)
  // Beyond the horizon the other side may have forgotten the key, and calling would do it a second time.
  if (ageMs >= handler.horizonMs)
    return { answer: { outcome: handler.gaveUp(effect), ends: true, gaveUp: true }, error: new Error('gave up') }
  const signal = AbortSignal.timeout(handler.timeoutMs)
  try {
    const endsAt = performance.now() + handler.timeoutMs
    const request = { idempotencyKey, attempt, traceparent, correlationId: key, signal, endsAt }
    failpoint('effect.leased')
    const outcome = await Promise.race([handler.call(effect, request), rejectedBy(signal)])
    failpoint('effect.answered')
    return known(outcome)
  } catch (error) {
    if (error instanceof NotPerformed || isUnknown) return { answer: undefined, error }
    const outcome = handler.unknown?.(effect)
    return { answer: outcome === undefined ? undefined : { outcome, ends: false }, error }
  }
}

/** A handler that ignores its signal must not hold its place for ever. */
function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true })
  })
}

async function again<V extends Vocabulary>(
  { db }: EffectsOf<V>,
  effect: LeasedEffect<V>,
  error: unknown,
): Promise<void> {
  const notPerformed = error instanceof NotPerformed
  const next = {
    delayMs: backoffMs(effect.attempt, callDelays),
    error: String(error),
    isUnknown: !notPerformed,
    // An earlier runner may have called and died before it could say so: only a first sending is proof.
    isUnsent: notPerformed && effect.ageMs === 0,
    outcome: null,
  }
  await postpone(db, effect, next)
}
