import {
  type Attributes,
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Blockage, Item, Verdict } from '../decide/fold.ts'
import type { Log, Vocabulary } from '../types/vocabulary.ts'
import { logVerdict } from './verdict-log.ts'

/** What became of one input, in a word. The blockages park it: it is told again when it is tried again and handled. */
export type Outcome = 'applied' | 'duplicate' | 'late' | 'alarm' | 'repeat' | 'refused' | 'skipped' | Blockage

export type CallOutcome = 'answered' | 'unknown' | 'not_performed' | 'gave_up'

/** What a consumer tells of the partitions it has. */
export interface ConsumerObserver {
  /** How many messages are not handled yet: at every fetch, and after every batch. */
  lag(behind: { readonly topic: string; readonly partition: number; readonly messages: number }): void
  /** These are its partitions now, and no others. */
  assigned(share: { readonly topic: string; readonly partitions: readonly number[] }): void
}

/**
 * Whoever counts and times the work of a participant. Called on the way of every message: it must be quick, and it must
 * not throw. The types and kinds it is told are those that the participant knows; any other is called `other`.
 */
export interface Observer<V extends Vocabulary = Vocabulary> extends ConsumerObserver {
  /** Each input once, when its decision is committed. An applied verdict holds the state and what was said. */
  handled(handled: { readonly type: string; readonly outcome: Outcome; readonly verdict: Verdict<V> }): void
  /** What was handled in one go, of all partitions together, with its commit and everything that was tried again. */
  batchHandled(batch: { readonly messages: number; readonly seconds: number }): void
  /** Of one message that is no repeat: from the outbox to Kafka, and from Kafka to the commit. */
  delays(delays: { readonly shippedSeconds: number; readonly handledSeconds: number }): void
  effectCalled(call: { readonly kind: string; readonly outcome: CallOutcome; readonly seconds: number }): void
}

/** One input is decided for good: a line in the log, and a call to the observer. */
export function tellVerdict<V extends Vocabulary>(
  { log, observer }: { readonly log: Log; readonly observer?: Observer<V> | undefined },
  item: Item<V> | undefined,
  verdict: Verdict<V>,
): void {
  logVerdict(log, item, verdict)
  if (item !== undefined) observer?.handled({ type: typeOf(item), outcome: outcomeOf(verdict), verdict })
}

export function outcomeOf<V extends Vocabulary>(verdict: Verdict<V>): Outcome {
  switch (verdict.is) {
    case 'ignored':
    case 'blocked':
      return verdict.because
    case 'repeat':
      return verdict.forged ? 'alarm' : 'repeat'
    case 'notYet':
      return 'not-yet'
    default:
      return verdict.is
  }
}

export function typeOf<V extends Vocabulary>({ input }: Item<V>): string {
  return typeof input === 'object' && 'type' in input ? input.type : 'other'
}

/** Undefined while nobody records spans. The API's own tracer would do nothing too, but at a price per message. */
export function registeredTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider()
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer('paysaga') : provider.getTracer('paysaga')
}

export interface SpanPlan {
  readonly name: string
  /** `CONSUMER` for what came by Kafka, `CLIENT` for what leaves the building. */
  readonly kind: SpanKind.CONSUMER | SpanKind.CLIENT
  /** What it continues; empty begins a trace. */
  readonly traceparent: string
  readonly attributes: Attributes
}

/** Not made the current span: one turn of the loop works for many messages. */
export function startSpan(tracer: Tracer, { name, kind, traceparent, attributes }: SpanPlan): Span {
  return tracer.startSpan(name, { kind, attributes }, parentOf(traceparent))
}

/** Ends it once: what has ended by then is left alone. */
export function endSpan(span: Span | undefined, { outcome, failed }: { outcome: string; failed: boolean }): void {
  if (span === undefined || !span.isRecording()) return
  span.setAttribute('paysaga.outcome', outcome)
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome })
  span.end()
}

/** What the next one in the chain continues: the span, or what came when nobody records. */
export function traceparentAfter(span: Span | undefined, incoming: string): string {
  const context = span?.spanContext()
  if (context === undefined || !isSpanContextValid(context)) return incoming
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`
}

const wellFormed = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

function parentOf(traceparent: string) {
  const [, traceId, spanId, flags] = wellFormed.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true })
}
