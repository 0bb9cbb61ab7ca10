import { type Kysely, sql } from 'kysely'
import { ownJson, parseOwnJson } from '#contracts'
import { jsonbStore, type Store } from '#messaging'
import { transfersOf } from './ledger/ledger.ts'
import { posting } from './ledger/ledger-store.ts'
import type { PaymentDatabase } from './tables.ts'
import type { Payment } from './vocabulary.ts'

/** What moves money is posted in the very statement that writes the payment it has moved for. */
export const payments: Store<Payment> = {
  ...jsonbStore<Payment>('payments', ownJson),
  derive: (steps) => {
    const transfers = steps.flatMap(transfersOf)
    return transfers.length === 0 ? [] : [posting(transfers)]
  },
}

/** More entries than a payment with all its refunds makes, unless somebody sends it facts without end. */
const historyMaxEntries = 1_000

export interface VersionedPayment {
  readonly payment: Payment
  /** The number of events it has said. */
  readonly version: number
}

/** Without a lock. Another merchant's payment is not there. */
export async function findPayment(
  db: Kysely<PaymentDatabase>,
  { merchantId, orderId }: { readonly merchantId: string; readonly orderId: string },
): Promise<VersionedPayment | undefined> {
  const row = await db
    .selectFrom('payments')
    // As text, for the driver's JSON would make floats of the money.
    .select(['version', sql<string>`state::text`.as('state')])
    .where('id', '=', orderId)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst()
  return row && { payment: parseOwnJson<Payment>(row.state), version: row.version }
}

/** For operators: whosever it is. */
export async function anyPayment(db: Kysely<PaymentDatabase>, orderId: string): Promise<VersionedPayment | undefined> {
  const { rows } = await sql<VersionedRow>`
    select version, state::text as state from payments where id = ${orderId}`.execute(db)
  return rows.map(versioned)[0]
}

/** Those that the gateway or a person must bring further, the oldest orders first. */
export async function paymentsInDoubt(
  db: Kysely<PaymentDatabase>,
  { condition, limit }: { readonly condition?: 'unknown' | 'review' | undefined; readonly limit: number },
): Promise<readonly VersionedPayment[]> {
  const chosen = condition === undefined ? sql`condition <> 'ok'` : sql`condition <> 'ok' and condition = ${condition}`
  const { rows } = await sql<VersionedRow>`
    select version, state::text as state from payments where ${chosen} order by id limit ${limit}`.execute(db)
  return rows.map(versioned)
}

interface VersionedRow {
  readonly version: number
  readonly state: string
}
const versioned = ({ version, state }: VersionedRow): VersionedPayment => ({
  payment: parseOwnJson<Payment>(state),
  version,
})

/** Every input that changed the payment, oldest first. */
export async function historyOf(db: Kysely<PaymentDatabase>, orderId: string) {
  const rows = await db
    .selectFrom('payments_history')
    .select(['version', 'at', 'type', 'cause', sql<string>`change::text`.as('change')])
    .where('id', '=', orderId)
    .orderBy('position')
    .limit(historyMaxEntries)
    .execute()
  return rows.map(({ change, ...entry }) => ({ ...entry, change: parseOwnJson<Record<string, unknown>>(change) }))
}

export type HistoryRow = Awaited<ReturnType<typeof historyOf>>[number]
