import { type Kysely, sql } from 'kysely'
import { formatJson } from '#contracts'
import { type OpenTransaction, textArray } from '#messaging'
import type { PaymentDatabase } from '../tables.ts'
import type { Difference } from './comparison.ts'
import type { TakenRun } from './reconciliation-store.ts'
import type { Verdict } from './reconciliation-verdict.ts'

export type Verdicts = ReadonlyMap<string, Verdict>

/** By payment intent. One that has a verdict keeps it. */
export async function noteVerdicts(trx: OpenTransaction, { id, stage }: TakenRun, verdicts: Verdicts): Promise<void> {
  if (verdicts.size === 0) return
  await sql`
    insert into reconciliation_pair (reconciliation_id, stage, payment_id, verdict)
    select ${id}, ${stage}, * from unnest(${textArray([...verdicts.keys()])}::text[], ${textArray([...verdicts.values()])}::text[])
    on conflict do nothing`.execute(trx)
}

export interface Finding {
  readonly kind: Difference
  readonly paymentId: string
  readonly orderId: string
  readonly evidence: object
}

/** One that stands already is seen again, with fresh evidence. @returns whether it is new */
export async function noteFinding(trx: OpenTransaction, run: TakenRun, finding: Finding): Promise<boolean> {
  const { kind, paymentId, orderId, evidence } = finding
  await settleFindings(trx, run, { paymentIds: [paymentId], except: kind })
  const { rows } = await sql<{ isNew: boolean }>`
    insert into reconciliation_finding (kind, payment_id, order_id, evidence, first_seen_by, last_seen_by)
    values (${kind}, ${paymentId}, ${orderId}, ${formatJson(evidence)}, ${run.id}, ${run.id})
    on conflict (payment_id, kind) where settled_at is null
    do update set evidence = excluded.evidence, last_seen_at = clock_timestamp(),
                  first_seen_by = least(reconciliation_finding.first_seen_by, excluded.first_seen_by),
                  last_seen_by = greatest(reconciliation_finding.last_seen_by, excluded.last_seen_by)
    returning (xmax = 0) as "isNew"`.execute(trx)
  return rows[0]?.isNew ?? false
}

/** Both sides agree again, or differ in another way. What another run has seen since this page was taken is newer. */
export async function settleFindings(
  trx: OpenTransaction,
  { now }: TakenRun,
  { paymentIds, except = null }: { readonly paymentIds: readonly string[]; readonly except?: Difference | null },
): Promise<void> {
  if (paymentIds.length === 0) return
  await sql`
    update reconciliation_finding set settled_at = clock_timestamp()
    where settled_at is null and payment_id = any(${textArray(paymentIds)}::text[])
      and kind is distinct from ${except} and last_seen_at < ${now}`.execute(trx)
}

/** What was compared before a crash keeps its verdict. */
export async function verdictsOf(
  db: Kysely<PaymentDatabase>,
  { id, stage }: TakenRun,
  paymentIds: readonly string[],
): Promise<ReadonlyMap<string, Verdict>> {
  if (paymentIds.length === 0) return new Map()
  const { rows } = await sql<{ payment_id: string; verdict: Verdict }>`
    select payment_id, verdict from reconciliation_pair
    where reconciliation_id = ${id} and stage = ${stage} and payment_id = any(${textArray(paymentIds)}::text[])`.execute(
    db,
  )
  return new Map(rows.map(({ payment_id: paymentId, verdict }) => [paymentId, verdict]))
}
