import { type Kysely, sql } from 'kysely'
import { parseOwnJson } from '#contracts'
import { type OpenTransaction, uuidArray } from '#messaging'
import type { PaymentDatabase } from '../tables.ts'
import type { Payment } from '../vocabulary.ts'
import type { Ours } from './comparison.ts'
import type { Verdict } from './reconciliation-verdict.ts'

/** A page of a run that is ours to compare until the time it was taken for is over. */
export interface TakenRun {
  readonly id: string
  readonly since: Date
  readonly until: Date
  readonly stage: 'intents' | 'payments'
  readonly cursor: string | null
  /** How often in a row this page has failed. */
  readonly failures: number
  readonly fence: number
  /** By the database's clock. */
  readonly now: Date
}

/** Somebody else has the run's page: what was read about it may be old. */
export class RunLost extends Error {
  override readonly name = 'RunLost'
}

export interface Asked {
  readonly by: string
  readonly since: Date
  readonly until: Date
}

/** Who asks for the one that comes by itself. */
export const bySchedule = 'schedule'

/** @returns undefined while one is running: one of the schedule's, and one of the operators' */
export async function beginRun(db: Kysely<PaymentDatabase>, { by, since, until }: Asked): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    insert into reconciliation (asked_by, created_since, created_until) values (${by}, ${since}, ${until})
    on conflict do nothing returning id`.execute(db)
  return rows[0]?.id
}

/**
 * Whether the last scheduled one began so long ago. Where there was none, the first payment has to be as old, or this
 * process: a new deployment has nothing to compare.
 */
export async function isRunDue(
  db: Kysely<PaymentDatabase>,
  { everyMs, upSince }: { readonly everyMs: number; readonly upSince: Date },
): Promise<boolean> {
  const { rows } = await sql<{ due: boolean }>`
    select coalesce(
      (select max(started_at) from reconciliation where asked_by = ${bySchedule}),
      (select least(${upSince}, uuid_extract_timestamp(id)) from payments order by id limit 1),
      ${upSince}) + ${everyMs} * interval '1 millisecond' <= clock_timestamp() as due`.execute(db)
  return rows[0]?.due ?? false
}

/** Ends it, whoever is at its page. @returns whether it was running */
export async function cancelRun(db: Kysely<PaymentDatabase>, id: string, by: string): Promise<boolean> {
  const { rows } = await sql`
    update reconciliation set state = 'cancelled', cancelled_by = ${by}, finished_at = clock_timestamp()
    where id = ${id} and state = 'running' returning id`.execute(db)
  return rows.length > 0
}

/** The one that has waited longest. @returns undefined where nothing is running, or others are at every page */
export async function takeRun(db: Kysely<PaymentDatabase>, forMs: number): Promise<TakenRun | undefined> {
  const { rows } = await sql<TakenRun>`
    update reconciliation
    set fence = fence + 1, leased_until = clock_timestamp() + ${forMs} * interval '1 millisecond'
    where id = (
      select id from reconciliation where state = 'running' and leased_until <= clock_timestamp()
      order by leased_until limit 1 for update skip locked)
    returning id, created_since as since, created_until as until, stage, cursor, failures, fence,
              clock_timestamp() as now`.execute(db)
  return rows[0]
}

/** In the transaction that writes: it counts only while the page is still ours. @throws RunLost */
export async function holdRun(trx: OpenTransaction, { id, fence }: TakenRun, forMs: number): Promise<void> {
  const { rows } = await sql`
    update reconciliation set leased_until = clock_timestamp() + ${forMs} * interval '1 millisecond'
    where id = ${id} and fence = ${fence} and state = 'running' returning id`.execute(trx)
  if (rows.length === 0) throw new RunLost('Another process compares this page')
}

export interface EndOfPage {
  readonly stage: TakenRun['stage']
  readonly cursor: string | null
  readonly isLast: boolean
  readonly intentsSeen: number
  readonly counts: Readonly<Record<Verdict, number>>
}

/** Whoever comes first may take the next page. In the transaction that holds the run. */
export async function endPage(trx: OpenTransaction, { id }: TakenRun, page: EndOfPage): Promise<void> {
  const { stage, cursor, isLast, intentsSeen, counts } = page
  await sql`
    update reconciliation
    set stage = ${stage}, cursor = ${cursor}, pages = pages + 1, intents_seen = intents_seen + ${intentsSeen},
        matched = matched + ${counts.matched}, repaired = repaired + ${counts.repaired},
        reported = reported + ${counts.reported}, left_open = left_open + ${counts.left_open},
        not_ours = not_ours + ${counts.not_ours}, failures = 0, last_error = null, leased_until = clock_timestamp(),
        state = case when ${isLast} then 'finished' else state end,
        finished_at = case when ${isLast} then clock_timestamp() end
    where id = ${id}`.execute(trx)
}

/** The same page comes again, here or elsewhere, or never. Nothing happens where it is somebody else's by now. */
export async function putOff(
  db: Kysely<PaymentDatabase>,
  { id, fence }: TakenRun,
  { delayMs, error, isFinal }: { readonly delayMs: number; readonly error: string | null; readonly isFinal: boolean },
): Promise<void> {
  await sql`
    update reconciliation
    set leased_until = clock_timestamp() + ${delayMs} * interval '1 millisecond',
        failures = failures + case when ${error}::text is null then 0 else 1 end,
        last_error = coalesce(${error}, last_error),
        state = case when ${isFinal} then 'failed' else state end,
        finished_at = case when ${isFinal} then clock_timestamp() end
    where id = ${id} and fence = ${fence} and state = 'running'`.execute(db)
}

/** Payments, each with the ledger beside it as of the same moment, without a lock. By the order's id. */
export async function oursOf(
  db: Kysely<PaymentDatabase> | OpenTransaction,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, VersionedOurs>> {
  if (orderIds.length === 0) return new Map()
  const { rows } = await sql<{ id: string; version: number; state: string; clearing: string }>`
    select id, version, state::text as state, (
      select coalesce(sum(case 'gateway_clearing' when debit_account then amount_minor
                                                  when credit_account then -amount_minor end), 0)
      from ledger_transfers where order_id = payments.id) as clearing
    from payments where id = any(${uuidArray(orderIds)}::uuid[])`.execute(db)
  return new Map(
    rows.map(({ id, version, state, clearing }) => [
      id,
      { version, payment: parseOwnJson<Payment>(state), clearingMinor: BigInt(clearing) },
    ]),
  )
}

export interface VersionedOurs extends Ours {
  readonly version: number
}

/** A payment of ours whose intent the run has not come by, if it says that money is held or taken. */
export interface Unseen {
  readonly orderId: string
  readonly paymentId: string
}

/**
 * A page that comes again after a crash has them all again, also those that it had come to: what became of these is known.
 * @returns those of the next `limit` payments, and the last of all of these; undefined when there are no more
 */
export async function unseenPayments(
  db: Kysely<PaymentDatabase>,
  { id, since, until, cursor }: TakenRun,
  limit: number,
): Promise<{ readonly unseen: readonly Unseen[]; readonly last: string | undefined }> {
  // Ids of orders begin with the time at which they were placed.
  const after = cursor ?? firstIdAt(since)
  const { rows } = await sql<{ orderId: string; paymentId: string | null; isUnseen: boolean }>`
    with page as materialized (
      select id, state #>> '{position,at}' as at, state #>> '{position,paymentId}' as payment_id from payments
      where id > ${after} and id < ${firstIdAt(until)} order by id limit ${limit})
    select page.id as "orderId", page.payment_id as "paymentId",
           page.at in ('held', 'taken') and pair.payment_id is null as "isUnseen"
    from page left join reconciliation_pair as pair
      on pair.reconciliation_id = ${id} and pair.payment_id = page.payment_id and pair.stage = 'intents'
        and pair.verdict <> 'not_ours'
    order by page.id`.execute(db)
  const unseen = rows.flatMap(({ orderId, paymentId, isUnseen }) =>
    isUnseen && paymentId !== null ? [{ orderId, paymentId }] : [],
  )
  return { unseen, last: rows.length < limit ? undefined : rows.at(-1)?.orderId }
}

/** The smallest UUIDv7 of that millisecond. */
function firstIdAt(time: Date): string {
  const digits = Math.max(0, time.getTime()).toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-7000-8000-000000000000`
}
