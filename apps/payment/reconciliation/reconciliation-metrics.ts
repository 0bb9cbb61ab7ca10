import { type Kysely, sql } from 'kysely'
import { catalogue, type Metrics } from '#runtime'
import type { PaymentDatabase } from '../tables.ts'
import type { Difference } from './comparison.ts'

/** Counting costs time for each row: beyond this, more is just more. */
const countMax = 10_000
const kinds: readonly Difference[] = ['missing_here', 'extra_here', 'amount_differs', 'state_differs', 'ledger_differs']

/** How long ago the last comparison with the gateway ended, or the first began where none has, and what stands since then. */
export function watchReconciliation(metrics: Metrics, db: Kysely<PaymentDatabase>): void {
  const age = metrics.gauge(catalogue.reconciliationAge)
  const findings = metrics.gauge(catalogue.reconciliationFindings)
  metrics.atScrape({
    name: 'reconciliation',
    gauges: [age, findings],
    fill: async () => {
      const { rows } = await sql<{ kind: string; count: string }>`
        select kind, count(*) from (
          select kind from reconciliation_finding where settled_at is null limit ${countMax}) as counted
        group by kind`.execute(db)
      const counts = new Map(rows.map(({ kind, count }) => [kind, Number(count)]))
      for (const kind of kinds) findings.set({ kind }, counts.get(kind) ?? 0)
      const ended = await sql<{ seconds: number | null }>`
        select extract(epoch from clock_timestamp() - coalesce(
          (select finished_at from reconciliation where state = 'finished' order by started_at desc limit 1),
          (select min(started_at) from reconciliation)))::float8 as seconds`.execute(db)
      age.set(ended.rows[0]?.seconds ?? 0)
    },
  })
}
