import { expect, test } from 'vitest'
import { createApp, createLogger, createReadiness, traceparentOf } from '#runtime'
import { startTracing } from '../../../apps/shared/runtime/tracing.ts'
import { recordSpans } from '../../support/span-recorder.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const callerId = '00f067aa0ba902b7'
const traceparent = `00-${traceId}-${callerId}-01`

function appThatTellsItsTrace() {
  const app = createApp({ service: 'test', readiness: createReadiness(), log })
  app.get('/orders/:id', (c) => c.text(traceparentOf(c.req)))
  return app
}

test('a request goes on with the trace of its caller when nobody records spans', async () => {
  const response = await appThatTellsItsTrace().request('/orders/1', { headers: { traceparent } })
  expect(await response.text()).toBe(traceparent)
})

test('a request is a span in the trace of its caller, and what it causes continues that span', async () => {
  using recorder = recordSpans()
  const app = appThatTellsItsTrace()
  const text = await (await app.request('/orders/1', { headers: { traceparent } })).text()
  await app.request('/healthz', { headers: { traceparent } })
  expect(recorder.spans).toMatchObject([
    {
      name: 'GET /orders/:id',
      traceId,
      parentId: callerId,
      isEnded: true,
      attributes: { 'http.route': '/orders/:id', 'http.response.status_code': 200 },
    },
  ])
  expect(text).toBe(`00-${traceId}-${recorder.spans[0]?.spanId}-01`)
})

test('no SDK is loaded unless a collector is named', async () => {
  const load = () => Promise.reject(new Error('loaded in vain'))
  expect(await startTracing('test', { isWanted: false, load })).toBeUndefined()
})

test('a process that is to send traces and lacks the SDK names the package to install', async () => {
  const load = () => Promise.reject(new Error('Cannot find package'))
  await expect(startTracing('test', { isWanted: true, load })).rejects.toThrow(
    'npm install @opentelemetry/sdk-node, or unset OTEL_EXPORTER_OTLP_ENDPOINT',
  )
})

test('the SDK is started under the name of the service, and a stop does not fail because the collector is away', async () => {
  const seen: unknown[] = []
  class NodeSDK {
    constructor(options: unknown) {
      seen.push(options)
    }
    start(): void {
      seen.push('started')
    }
    shutdown(): Promise<void> {
      return Promise.reject(new Error('the collector is away'))
    }
  }
  const tracing = await startTracing('order-service', { isWanted: true, load: () => Promise.resolve({ NodeSDK }) })
  await tracing?.stop()
  expect(seen).toEqual([{ serviceName: 'order-service' }, 'started'])
})
