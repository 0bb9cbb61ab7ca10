import { randomUUID } from 'node:crypto'
import { type Context, isSpanContextValid, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'

/** `version-traceid-parentid-flags` of W3C Trace Context, level 1; ids of zeros are invalid. */
const wellFormed = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

/**
 * The trace that this request belongs to: the current span, when traces are recorded; else the caller's, when it sent a
 * valid `traceparent`; else the beginning of a sampled one.
 */
export function traceparentOf(request: { header(name: string): string | undefined }): string {
  const current = traceparentFrom(trace.getActiveSpan())
  if (current !== undefined) return current
  const given = request.header('traceparent')
  if (given !== undefined && wellFormed.test(given)) return given
  return `00-${randomHex()}-${randomHex().slice(16)}-01`
}

/** 32 digits. Node keeps random bytes for UUIDs in store, where any other random bytes are a call of the system. */
const randomHex = (): string => randomUUID().replaceAll('-', '')

/** Undefined without a span, and for one of a tracer that records nothing. */
export function traceparentFrom(span: Span | undefined): string | undefined {
  if (span === undefined) return undefined
  const context = span.spanContext()
  if (!isSpanContextValid(context)) return undefined
  return `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, '0')}`
}

/** What a span continues: the sender of the `traceparent`, or nobody. */
export function contextOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = wellFormed.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true })
}
