import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { describeError } from '../logger.ts'
import { catalogue, type Listed, type MetricKind } from './metric-catalogue.ts'
import { carefulLook, type Look } from './scrape-look.ts'

/** The metrics of one process. Only what the catalogue lists can be made; asked for twice, it is the same one. */
export interface Metrics {
  counter<Label extends string>(listed: Listed<'counter', Label>): Counter<Label>
  gauge<Label extends string>(listed: Listed<'gauge', Label>): Gauge<Label>
  histogram<Label extends string>(listed: Listed<'histogram', Label>): Histogram<Label>
  /**
   * Gauges that are looked up when somebody asks: at most once a second, for at most two. If that fails the scrape goes
   * on without them, `paysaga_scrape_failures_total` counts it, and the log has the first of a row.
   */
  atScrape(look: Look): void
  /** All of them in Prometheus' text format. Never rejects because of a look-up. */
  exposition(): Promise<string>
  readonly contentType: string
}

/** What metrics need of a log. */
interface Warning {
  warn(fields: object, message: string): void
}

/** prom-client's own 10 would wake an idle process a hundred times a second. */
const eventLoopLookMs = 100

export function createMetrics(log: Warning): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: eventLoopLookMs })
  const failures = new Counter(configurationOf(registry, catalogue.scrapeFailures))
  const looks: (() => Promise<void>)[] = []
  return {
    ...makers(registry),
    atScrape: (look) => {
      const { name: source } = look
      failures.inc({ source }, 0)
      const failed = (error: unknown, isFirst: boolean): void => {
        failures.inc({ source })
        if (isFirst) log.warn({ source, reason: describeError(error) }, 'a scrape lacks some of its metrics')
      }
      looks.push(carefulLook(look, failed))
    },
    exposition: async () => {
      await Promise.all(looks.map((look) => look()))
      return await registry.metrics()
    },
    contentType: registry.contentType,
  }
}

function makers(registry: Registry): Pick<Metrics, MetricKind> {
  return {
    counter: (listed) => {
      const known = registry.getSingleMetric(listed.name)
      return known instanceof Counter ? known : new Counter(configurationOf(registry, listed))
    },
    gauge: (listed) => {
      const known = registry.getSingleMetric(listed.name)
      return known instanceof Gauge ? known : new Gauge(configurationOf(registry, listed))
    },
    histogram: (listed) => {
      const known = registry.getSingleMetric(listed.name)
      if (known instanceof Histogram) return known
      return new Histogram({ ...configurationOf(registry, listed), buckets: [...listed.buckets] })
    },
  }
}

function configurationOf<Label extends string>(registry: Registry, { name, help, labels }: Listed<MetricKind, Label>) {
  return { name, help, labelNames: labels, registers: [registry] }
}
