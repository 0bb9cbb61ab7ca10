import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { backoffMs, callDelays } from './backoff.ts'
import type { Resolved } from './decide-all.ts'
import { type LeasedEffect, leaseEffects, postpone } from './effect-rows.ts'
import { failpoint } from './failpoint.ts'
import { type CallOutcome, endSpan, type Observer, registeredTracer, startSpan, traceparentAfter } from './observer.ts'
import { type Answer, settle } from './outcomes.ts'
import { pause } from './pause.ts'
import type { TransactionSource } from './transaction.ts'
import type { Troubles } from './troubles.ts'
import { handlerOf, type Log, NotPerformed, type Participant, type Vocabulary } from './vocabulary.ts'

/** Calls what transactions of this process have just decided on, without a look into the table. */
export interface Caller<V extends Vocabulary> {
  /** So many more calls may begin now. */
  free(): number
  /** The transaction has committed: what it leased is called, and what it could not is leased at once. */
  committed(decided: Pick<Resolved<V>, 'fold' | 'leased'>): void
}

export interface EffectRunner<V extends Vocabulary> extends Caller<V> {
  /**
   * Resolves after the signal, when the calls under way have ended and their outcomes are decided. To be asked when
   * nobody commits any more: a transaction that was open at the signal may have leased some.
   */
  ended(): Promise<void>
}

export interface EffectsOf<V extends Vocabulary> {
  readonly db: TransactionSource
  readonly participant: Participant<V>
  readonly log: Log
  readonly troubles: Troubles
  readonly observer?: Observer<V> | undefined
  /** Left out: effects wait until somebody leases them. */
  readonly caller?: Caller<V> | undefined
}

/**
 * So many calls are under way at once in one process. Transactions that are open at the same time do not know of each
 * other's: for messages, outcomes, deadlines and the look into the table it is four times as many at the very most.
 */
const maxCalls = 64
/** Effects of crashed processes and postponed ones are found at this interval; our own wake us. */
const pollMs = 250

/** Leases due effects, calls outside any transaction, and feeds each outcome to `decide`, until the signal. */
export function startEffectRunner<V extends Vocabulary>(options: EffectsOf<V>, signal: AbortSignal): EffectRunner<V> {
  if (Object.keys(options.participant.effects).length === 0) return noEffects
  const calls = new Set<Promise<void>>()
  let woken = new AbortController()
  // None while stopping: what nobody has leased, another process takes at once.
  const free = (): number => (signal.aborted ? 0 : Math.max(0, maxCalls - calls.size))
  let waitsForFree = false
  const begin = (leased: readonly LeasedEffect<V>[]): void => {
    for (const effect of leased) {
      const call = carryOut(options, outcomes, effect).finally(() => {
        calls.delete(call)
        if (waitsForFree) woken.abort(early)
      })
      calls.add(call)
    }
  }
  const caller: Caller<V> = {
    free,
    committed: ({ fold, leased }) => {
      begin(leased)
      if (fold.emitted.length > leased.length) woken.abort(early)
    },
  }
  const outcomes = settle({ ...options, caller })

  const lease = async (): Promise<number> => {
    waitsForFree = free() === 0
    if (waitsForFree) return 0
    const leased = await leaseEffects(options.db, options.participant, free())
    options.troubles.clear('effects')
    begin(leased)
    return leased.length
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      woken = new AbortController()
      const count = await lease().catch((error: unknown) => {
        options.log.warn({ err: error }, 'effects could not be leased, trying again')
        options.troubles.note('effects', error)
        return 0
      })
      if (count === 0) await pause(pollMs, AbortSignal.any([signal, woken.signal]))
    }
  }
  const running = run()
  const ended = async (): Promise<void> => {
    await running
    while (calls.size > 0) await Promise.all(calls)
  }
  return { ...caller, ended }
}

/** A reason for an abort that nobody reads: without one Node makes an error, with its stack, each time. */
const early = 'woken'
const noEffects = { free: () => 0, committed: () => undefined, ended: () => Promise.resolve() }

/** One round for tests and tools. @returns how many effects were due. */
export async function runEffectsOnce<V extends Vocabulary>(options: EffectsOf<V>): Promise<number> {
  const outcomes = settle(options)
  const leased = await leaseEffects(options.db, options.participant, maxCalls)
  await Promise.all(leased.map((effect) => carryOut(options, outcomes, effect)))
  return leased.length
}

type Settle<V extends Vocabulary> = (effect: LeasedEffect<V>, answer: Answer<V>) => Promise<void>

/** Never rejects: what fails here comes back when the lease is over, under the same idempotency key. */
async function carryOut<V extends Vocabulary>(
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
  return answer?.ends === true ? 'gave_up' : 'unknown'
}

/** What the other side said, or what its silence means. */
async function call<V extends Vocabulary>(
  { participant }: EffectsOf<V>,
  { effect, idempotencyKey, attempt, traceparent, key, ageMs, isUnknown }: LeasedEffect<V>,
): Promise<Called<V>> {
  const handler = handlerOf(participant, effect.type)
  // Beyond the horizon the other side may have forgotten the key, and calling would do it a second time.
  if (ageMs >= handler.horizonMs) return { ...known<V>(handler.gaveUp(effect)), error: new Error('gave up') }
  const signal = AbortSignal.timeout(handler.timeoutMs)
  try {
    const request = { idempotencyKey, attempt, traceparent, correlationId: key, signal }
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
