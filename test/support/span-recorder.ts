import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api'

export interface RecordedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly attributes: Attributes
  name: string
  isEnded: boolean
}

/** What an SDK would register, as far as our spans need it. Disposed, there is none again. */
export function recordSpans(): { readonly spans: readonly RecordedSpan[] } & Disposable {
  const spans: RecordedSpan[] = []
  trace.setGlobalTracerProvider({ getTracer: () => tracerInto(spans) })
  context.setGlobalContextManager(currentContext())
  return {
    spans,
    [Symbol.dispose]: () => {
      trace.disable()
      context.disable()
    },
  }
}

function tracerInto(spans: RecordedSpan[]): Tracer {
  return {
    startSpan: (name, options, parent) => begin(spans, name, { ...options, parent }),
    startActiveSpan: () => {
      throw new Error('Not in use here')
    },
  }
}

function begin(spans: RecordedSpan[], name: string, options: SpanOptions & { parent: Context | undefined }): Span {
  const parent = trace.getSpanContext(options.parent ?? context.active())
  const recorded: RecordedSpan = {
    traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    parentId: parent?.spanId,
    attributes: { ...options.attributes },
    name,
    isEnded: false,
  }
  spans.push(recorded)
  const span: Span = {
    spanContext: () => ({ traceId: recorded.traceId, spanId: recorded.spanId, traceFlags: 1 }),
    setAttribute: (key, value) => span.setAttributes({ [key]: value }),
    setAttributes: (attributes) => {
      Object.assign(recorded.attributes, attributes)
      return span
    },
    addEvent: () => span,
    addLink: () => span,
    addLinks: () => span,
    setStatus: () => span,
    updateName: (updated) => {
      recorded.name = updated
      return span
    },
    end: () => {
      if (recorded.isEnded) throw new Error(`${recorded.name} ended twice`)
      recorded.isEnded = true
    },
    isRecording: () => !recorded.isEnded,
    recordException: () => undefined,
  }
  return span
}

function currentContext(): ContextManager {
  const storage = new AsyncLocalStorage<Context>()
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, fn, ...[thisArg, ...args]) => storage.run(active, () => fn.call(thisArg, ...args)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  return manager
}
