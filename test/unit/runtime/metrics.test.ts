import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  catalogue,
  createApp,
  createMetrics,
  createReadiness,
  type HttpApp,
  type Listed,
  type Metrics,
  openDatabase,
} from '#runtime'
import { createLogger } from '../../../apps/shared/runtime/logger.ts'
import { parseExposition, sumOf } from '../../support/exposition.ts'
import { limitMs } from '../../support/limits.ts'

const log = createLogger({ service: 'test', level: 'silent' })
let metrics: Metrics
let app: HttpApp
let warnings: object[]

beforeEach(() => {
  warnings = []
  metrics = createMetrics({ warn: (fields) => void warnings.push(fields) })
  app = createApp({ service: 'test', readiness: createReadiness(), log, metrics })
})

/** Makes the time stand still, and gives what moves it on. */
function stillClock(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  return (ms) => void vi.advanceTimersByTime(ms)
}

const scrape = async () => parseExposition(await (await app.request('/metrics')).text())

describe('the catalogue', () => {
  const listed: readonly Listed[] = Object.values(catalogue)

  test('names each metric once', () => {
    expect(new Set(listed.map(({ name }) => name)).size).toBe(listed.length)
  })

  test.each(listed)('names $name as Prometheus asks, with its unit, and bounds what a histogram holds', (metric) => {
    const { name, kind, unit, labels, help, buckets } = metric
    expect(name).toMatch(/^paysaga_[a-z]+(_[a-z]+)*$/)
    expect(name.endsWith('_total')).toBe(kind === 'counter')
    expect(name.endsWith('_seconds')).toBe(unit === 'seconds')
    expect(help).toMatch(/\.$/)
    expect(labels.filter((label) => /^(le|quantile)$|id$/i.test(label))).toEqual([])
    expect(buckets.length > 0).toBe(kind === 'histogram')
    expect(buckets).toEqual(buckets.toSorted((one, other) => one - other))
  })

  test('makes the same metric however often it is asked for', () => {
    metrics.counter(catalogue.handled).inc({ type: 'OrderPlaced', outcome: 'applied' })
    expect(metrics.counter(catalogue.handled)).toBe(metrics.counter(catalogue.handled))
    expect(metrics.gauge(catalogue.effectsDue)).toBe(metrics.gauge(catalogue.effectsDue))
    expect(metrics.histogram(catalogue.batchSize)).toBe(metrics.histogram(catalogue.batchSize))
  })
})

describe('/metrics', () => {
  test('is text that Prometheus reads, without a key, and has the process', async () => {
    const response = await app.request('/metrics')
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ])
    const samples = parseExposition(await response.text())
    expect(sumOf(samples, 'process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
    expect(sumOf(samples, 'nodejs_eventloop_lag_p99_seconds')).toBeDefined()
  })

  test('times requests by route, and what no route matched under one name', async () => {
    app.get('/orders/:id', (c) => c.text('an order'))
    await app.request('/orders/1')
    await app.request('/orders/2')
    await app.request('/wp-admin/1')
    await app.request('/wp-admin/2')
    const samples = await scrape()
    const count = (route: string, status: string) =>
      sumOf(samples, 'paysaga_http_request_seconds_count', { method: 'GET', route, status })
    expect([count('/orders/:id', '200'), count('other', '404')]).toEqual([2, 2])
    expect(JSON.stringify(samples)).not.toContain('wp-admin')
  })

  test('looks up once a second, however many ask, and all of them see the same', async () => {
    const pass = stillClock()
    let looks = 0
    const due = metrics.gauge(catalogue.effectsDue)
    const fill = async () => {
      await Promise.resolve()
      looks += 1
      due.set(looks)
    }
    metrics.atScrape({ name: 'backlog', gauges: [due], fill })
    const seen = async () => sumOf(await scrape(), 'paysaga_effects_due')
    expect(await Promise.all([seen(), seen(), seen()])).toEqual([1, 1, 1])
    pass(999)
    expect(await seen()).toBe(1)
    pass(1)
    expect(await seen()).toBe(2)
  })

  test('goes on without what cannot be looked up, counts it, and says so once', async () => {
    const pass = stillClock()
    const due = metrics.gauge(catalogue.effectsDue)
    const oldest = metrics.gauge(catalogue.oldestOpenOrder)
    let isBroken = false
    const fill = () => {
      if (isBroken) throw new Error('connection refused')
      due.set(7)
      oldest.set({ status: 'pending' }, 7)
    }
    metrics.atScrape({ name: 'backlog', gauges: [due, oldest], fill })
    const seen = async () => {
      pass(1_000)
      const samples = await scrape()
      return [
        sumOf(samples, 'paysaga_effects_due'),
        sumOf(samples, 'paysaga_order_open_oldest_seconds'),
        sumOf(samples, 'paysaga_scrape_failures_total', { source: 'backlog' }),
      ]
    }
    expect(await seen()).toEqual([7, 7, 0])
    isBroken = true
    expect(await seen()).toEqual([undefined, undefined, 1])
    expect(await seen()).toEqual([undefined, undefined, 2])
    expect(warnings).toEqual([{ source: 'backlog', reason: 'connection refused' }])
    isBroken = false
    expect(await seen()).toEqual([7, 7, 2])
  })

  test('waits two seconds for a look-up that hangs, and does not begin another meanwhile', async () => {
    const pass = stillClock()
    const fill = vi.fn<() => Promise<void>>(() => new Promise(() => undefined))
    metrics.atScrape({ name: 'backlog', gauges: [], fill })
    const failures = async () => sumOf(await scrape(), 'paysaga_scrape_failures_total', { source: 'backlog' })
    const waiting = failures()
    await vi.waitUntil(() => fill.mock.calls.length > 0, { timeout: limitMs(10_000), interval: 1 })
    pass(2_000)
    expect(await waiting).toBe(1)
    pass(60_000)
    expect(await failures()).toBe(1)
    expect(fill).toHaveBeenCalledOnce()
  })

  test('counts the connections of each pool under the name of its database', async () => {
    for (const database of ['one', 'two']) {
      openDatabase({ url: `postgresql://nobody@127.0.0.1:1/${database}`, service: 'test', poolMax: 1, log, metrics })
    }
    const samples = await scrape()
    for (const database of ['one', 'two']) {
      for (const state of ['open', 'busy', 'idle']) {
        expect(sumOf(samples, 'paysaga_pool_connections', { database, state })).toBe(0)
      }
      expect(sumOf(samples, 'paysaga_pool_waiting', { database })).toBe(0)
    }
  })
})
