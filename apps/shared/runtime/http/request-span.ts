import { context, ProxyTracerProvider, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { Context, MiddlewareHandler, Next } from 'hono'
import { routePath } from 'hono/route'
import { contextOf } from '../traceparent.ts'
import type { HttpEnv } from './http-env.ts'

/** What asks after our health every few seconds would drown the rest. */
const unseen: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])

/** Puts each request into a span that continues the caller's trace. Costs next to nothing while no tracer is there. */
export function inSpan(): MiddlewareHandler<HttpEnv> {
  return (c, next) => {
    const tracer = registeredTracer()
    return tracer === undefined || unseen.has(c.req.path) ? next() : spanned(tracer, c, next)
  }
}

async function spanned(tracer: Tracer, c: Context<HttpEnv>, next: Next): Promise<void> {
  const { method, path } = c.req
  // An instrumentation of node:http may have begun one already.
  const parent = trace.getActiveSpan() === undefined ? contextOf(c.req.header('traceparent')) : context.active()
  const attributes = { 'http.request.method': method, 'url.path': path, 'paysaga.request.id': c.get('requestId') }
  const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent)
  try {
    await context.with(trace.setSpan(parent, span), next)
  } finally {
    const route = routeOf(c)
    const { status } = c.res
    span.updateName(`${method} ${route}`)
    span.setAttributes({ 'http.route': route, 'http.response.status_code': status })
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  }
}

/** The pattern of the route that matched, `/orders/:id`, or `other`: what a caller writes is never a label. */
export function routeOf(c: Context): string {
  const pattern = routePath(c, -1)
  return pattern.includes('*') ? 'other' : pattern
}

/** Undefined while there is none but the API's own, which does nothing, at a price. */
function registeredTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider()
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer('paysaga') : provider.getTracer('paysaga')
}
