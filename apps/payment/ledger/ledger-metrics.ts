import { type Kysely, sql } from 'kysely'
import { catalogue, type Metrics } from '#runtime'
import type { PaymentDatabase } from '../tables.ts'

/** For how long the oldest transfer waits for its seal: a second or two, unless nobody seals or a transaction hangs. */
export function watchLedger(metrics: Metrics, db: Kysely<PaymentDatabase>): void {
  const unsealed = metrics.gauge(catalogue.ledgerUnsealed)
  metrics.atScrape({
    name: 'ledger',
    gauges: [unsealed],
    fill: async () => unsealed.set({}, await oldestUnsealedSeconds(db)),
  })
}

/** The lowest transaction has posted first, or nearly so: no need to look at all of them. */
async function oldestUnsealedSeconds(db: Kysely<PaymentDatabase>): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from clock_timestamp() - at)::float8 as seconds from ledger_transfers
    where xid > coalesce((select last_xid from ledger_blocks order by height desc limit 1), '0'::xid8)
    order by xid limit 1`.execute(db)
  return rows[0]?.seconds ?? 0
}
