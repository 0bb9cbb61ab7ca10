import { type Kysely, sql } from 'kysely'
import { type Observer, readBacklog } from '#messaging'
import { catalogue, type Metrics, participantMetrics, watchBacklog } from '#runtime'
import type { PaymentDatabase } from './tables.ts'
import type { PaymentVocabulary } from './vocabulary.ts'

/** Counting costs time for each row: beyond this, more is just more. */
const countMax = 10_000

interface Waiting {
  readonly unknown: string
  readonly review: string
  readonly events: string
}

/** What is counted and timed of payments: all that any participant does, what waits for the gateway, and for a person. */
export function paymentMetrics(metrics: Metrics, db: Kysely<PaymentDatabase>): Observer<PaymentVocabulary> {
  watchBacklog(metrics, () => readBacklog(db, { aggregates: 'payments' }))
  const payments = metrics.gauge(catalogue.paymentsWaiting)
  const events = metrics.gauge(catalogue.gatewayEventsDue)
  metrics.atScrape({
    name: 'payments',
    gauges: [payments, events],
    fill: async () => {
      const { rows } = await sql<Waiting>`
        select (select count(*) from (select from payments where condition = 'unknown' limit ${countMax}) as waiting) as unknown,
               (select count(*) from (select from payments where condition = 'review' limit ${countMax}) as waiting) as review,
               (select count(*) from (select from gateway_event where next_attempt_at is not null limit ${countMax}) as waiting)
                 as events`.execute(db)
      const [waiting] = rows
      payments.set({ condition: 'unknown' }, Number(waiting?.unknown))
      payments.set({ condition: 'review' }, Number(waiting?.review))
      events.set(Number(waiting?.events))
    },
  })
  return participantMetrics(metrics)
}
