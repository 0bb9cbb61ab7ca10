import { catalogue } from './metric-catalogue.ts'
import type { Metrics } from './metrics.ts'

/** A pool of node-postgres, as far as it can be counted. */
export interface CountedPool {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
}

/** Counts the connections of a pool at each scrape, under the name of its database. */
export function watchPool(metrics: Metrics, { pool, url }: { readonly pool: CountedPool; readonly url: string }): void {
  const connections = metrics.gauge(catalogue.poolConnections)
  const waiting = metrics.gauge(catalogue.poolWaiting)
  const database = decodeURIComponent(new URL(url).pathname.slice(1))
  metrics.atScrape({
    name: 'pool',
    gauges: [],
    fill: () => {
      const { totalCount, idleCount, waitingCount } = pool
      connections.set({ database, state: 'open' }, totalCount)
      connections.set({ database, state: 'idle' }, idleCount)
      connections.set({ database, state: 'busy' }, totalCount - idleCount)
      waiting.set({ database }, waitingCount)
    },
  })
}
