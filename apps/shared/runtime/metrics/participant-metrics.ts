import { catalogue } from './metric-catalogue.ts'
import type { Metrics } from './metrics.ts'

/** What is still to be done by a participant, as `#messaging` counts it. */
export interface BacklogFigures {
  readonly effectsDue: number
  /** 0 when there is none. */
  readonly oldestEffectSeconds: number
  readonly deadlinesDue: number
  readonly keysWaiting: number
  readonly keysDead: number
}

/**
 * The observer that a participant of `#messaging` takes, written to metrics. The libraries do not know each other: that
 * it fits is checked where a service hands it over.
 */
export function participantMetrics(metrics: Metrics) {
  const handled = metrics.counter(catalogue.handled)
  const batchSize = metrics.histogram(catalogue.batchSize)
  const batchDuration = metrics.histogram(catalogue.batchDuration)
  const shippingDelay = metrics.histogram(catalogue.shippingDelay)
  const handlingDelay = metrics.histogram(catalogue.handlingDelay)
  const effectCall = metrics.histogram(catalogue.effectCall)
  const lag = metrics.gauge(catalogue.consumerLag)
  const partitionsWithLag = new Set<number>()
  return {
    handled: ({ type, outcome }: { readonly type: string; readonly outcome: string }) => handled.inc({ type, outcome }),
    batchHandled: ({ messages, seconds }: { readonly messages: number; readonly seconds: number }) => {
      batchSize.observe(messages)
      batchDuration.observe(seconds)
    },
    delays: (delays: { readonly shippedSeconds: number; readonly handledSeconds: number }) => {
      shippingDelay.observe(delays.shippedSeconds)
      handlingDelay.observe(delays.handledSeconds)
    },
    effectCalled: (call: { readonly kind: string; readonly outcome: string; readonly seconds: number }) =>
      effectCall.observe({ kind: call.kind, outcome: call.outcome }, call.seconds),
    lag: (behind: { readonly topic: string; readonly partition: number; readonly messages: number }) => {
      partitionsWithLag.add(behind.partition)
      lag.set({ topic: behind.topic, partition: behind.partition }, behind.messages)
    },
    /** Partitions that went to another process: their lag is told there. */
    assigned: ({ topic, partitions }: { readonly topic: string; readonly partitions: readonly number[] }) => {
      for (const partition of partitionsWithLag) {
        if (partitions.includes(partition)) continue
        partitionsWithLag.delete(partition)
        lag.remove({ topic, partition })
      }
    },
  }
}

/** The backlog, counted at each scrape by `read`. */
export function watchBacklog(metrics: Metrics, read: () => Promise<BacklogFigures>): void {
  const effectsDue = metrics.gauge(catalogue.effectsDue)
  const oldestEffect = metrics.gauge(catalogue.oldestEffect)
  const deadlinesDue = metrics.gauge(catalogue.deadlinesDue)
  const parkedKeys = metrics.gauge(catalogue.parkedKeys)
  metrics.atScrape({
    name: 'backlog',
    gauges: [effectsDue, oldestEffect, deadlinesDue, parkedKeys],
    fill: async () => {
      const backlog = await read()
      effectsDue.set(backlog.effectsDue)
      oldestEffect.set(backlog.oldestEffectSeconds)
      deadlinesDue.set(backlog.deadlinesDue)
      parkedKeys.set({ state: 'waiting' }, backlog.keysWaiting)
      parkedKeys.set({ state: 'dead' }, backlog.keysDead)
    },
  })
}
