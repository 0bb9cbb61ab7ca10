import { type Kysely, sql } from 'kysely'
import { parseOwnJson } from '#contracts'
import type { PaymentDatabase } from '../tables.ts'
import type { Difference } from './comparison.ts'
import { bySchedule } from './reconciliation-store.ts'

/** A run with its progress. */
export interface Run {
  readonly id: string
  readonly by: string
  readonly since: Date
  readonly until: Date
  readonly state: 'running' | 'finished' | 'failed' | 'cancelled'
  readonly stage: 'intents' | 'payments'
  readonly cursor: string | null
  readonly pages: number
  readonly intentsSeen: number
  readonly matched: number
  readonly repaired: number
  readonly reported: number
  readonly leftOpen: number
  readonly notOurs: number
  readonly failures: number
  readonly lastError: string | null
  readonly startedAt: Date
  readonly finishedAt: Date | null
  readonly cancelledBy: string | null
}

const columns = sql`
  id, asked_by as by, created_since as since, created_until as until, state, stage, cursor, pages,
  intents_seen as "intentsSeen", matched, repaired, reported, left_open as "leftOpen", not_ours as "notOurs", failures,
  last_error as "lastError", started_at as "startedAt", finished_at as "finishedAt",
  cancelled_by as "cancelledBy"`

export async function findRun(db: Kysely<PaymentDatabase>, id: string): Promise<Run | undefined> {
  const { rows } = await sql<Run>`select ${columns} from reconciliation where id = ${id}`.execute(db)
  return rows[0]
}

/** That of an operator: the scheduled one takes nobody's place. */
export async function runningRun(db: Kysely<PaymentDatabase>): Promise<Run | undefined> {
  const { rows } = await sql<Run>`
    select ${columns} from reconciliation where state = 'running' and asked_by <> ${bySchedule}`.execute(db)
  return rows[0]
}

/** The newest first. */
export async function latestRuns(db: Kysely<PaymentDatabase>, limit: number): Promise<readonly Run[]> {
  const { rows } = await sql<Run>`
    select ${columns} from reconciliation order by started_at desc, id desc limit ${limit}`.execute(db)
  return rows
}

export interface StandingFinding {
  readonly id: string
  readonly kind: Difference
  readonly paymentId: string
  readonly orderId: string
  readonly evidence: Readonly<Record<string, unknown>>
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
  readonly settledAt: Date | null
}

/** What stood when that run was under way: first seen by it or before, last seen by it or after. */
export async function findingsOf(
  db: Kysely<PaymentDatabase>,
  runId: string,
  limit: number,
): Promise<readonly StandingFinding[]> {
  const { rows } = await sql<Omit<StandingFinding, 'evidence'> & { readonly evidence: string }>`
    select id, kind, payment_id as "paymentId", order_id as "orderId", evidence::text as evidence,
           first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", settled_at as "settledAt"
    from reconciliation_finding
    where first_seen_by <= ${runId} and last_seen_by >= ${runId}
    order by id limit ${limit}`.execute(db)
  return rows.map(({ evidence, ...row }) => ({ ...row, evidence: parseOwnJson<Record<string, unknown>>(evidence) }))
}
