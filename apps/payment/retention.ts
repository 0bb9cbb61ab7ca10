import { type Kysely, sql } from 'kysely'
import type { Log } from '#runtime'
import type { PaymentDatabase } from './tables.ts'
import { type Worker, worker } from './worker.ts'

const everyMs = 60 * 60 * 1_000
/** Of one table at a time: hundreds of thousands in one statement would take longer than it may. */
const forgottenMax = 10_000

export interface RetentionOptions {
  readonly db: Kysely<PaymentDatabase>
  readonly log: Log
}

/** Forgets what nobody asks for any more: each hour, and at the start. Replicas may do it at once. */
export function retention({ db, log }: RetentionOptions): Worker {
  const onFailure = (err: unknown) => log.warn({ err }, 'what is old could not be forgotten, trying again in an hour')
  return worker({
    once: async () => (await forgetOnce(db, { onFailure })) >= forgottenMax,
    pollMs: everyMs,
    onFailure,
  })
}

export interface Forgetting {
  /** Rows of one table at most. */
  readonly limit?: number
  /** One table that cannot be rid of its rows keeps no other from it. */
  readonly onFailure: (error: unknown) => void
}

/**
 * Of the gateway's events those that taught us something or nothing; of comparisons what they went through, and those that
 * found nothing that is still kept. What a person has to look at, or had to less than 90 days ago, stays.
 * @returns the most rows that any table has lost
 */
export async function forgetOnce(
  db: Kysely<PaymentDatabase>,
  { limit = forgottenMax, onFailure }: Forgetting,
): Promise<number> {
  let most = 0
  for (const statement of statements(limit)) {
    try {
      const { numAffectedRows = 0n } = await statement.execute(db)
      most = Math.max(most, Number(numAffectedRows))
    } catch (error) {
      onFailure(error)
    }
  }
  return most
}

const statements = (limit: number) => [
  sql`delete from gateway_event where ctid in (
        select ctid from gateway_event
        where handled_at < now() - interval '90 days' and outcome in ('applied', 'known', 'undecided', 'other')
        order by handled_at limit ${limit})`,
  sql`delete from reconciliation_pair where ctid in (
        select pair.ctid from reconciliation_pair as pair join reconciliation as run on run.id = pair.reconciliation_id
        where run.state <> 'running' limit ${limit})`,
  sql`delete from reconciliation_finding where ctid in (
        select ctid from reconciliation_finding where settled_at < now() - interval '90 days' limit ${limit})`,
  sql`delete from reconciliation where ctid in (
        select ctid from reconciliation as run
        where finished_at < now() - interval '90 days'
          and not exists (select from reconciliation_pair where reconciliation_id = run.id)
          and not exists (select from reconciliation_finding where run.id in (first_seen_by, last_seen_by))
        limit ${limit})`,
]
