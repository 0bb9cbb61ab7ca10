import { type Kysely, type RawBuilder, sql } from 'kysely'
import { textArray, uuidArray } from '#messaging'
import type { PaymentDatabase } from '../tables.ts'
import type { Account, Transfer, TransferKind } from './ledger.ts'

/** The statement that posts these transfers, in their order. The table numbers, dates and chains them. Never called with none. */
export function posting(transfers: readonly Transfer[]): RawBuilder<unknown> {
  const texts = (name: 'kind' | 'debit' | 'credit' | 'currency' | 'cause') =>
    textArray(transfers.map((transfer) => transfer[name]))
  return sql`
    insert into ledger_transfers (order_id, kind, debit_account, credit_account, amount_minor, currency, cause)
    select order_id, kind, debit_account, credit_account, amount_minor, currency, cause
    from unnest(
      ${uuidArray(transfers.map(({ orderId }) => orderId))}::uuid[], ${texts('kind')}::text[],
      ${texts('debit')}::text[], ${texts('credit')}::text[],
      ${transfers.map(({ amountMinor }) => `${amountMinor}`)}::bigint[],
      ${texts('currency')}::text[], ${texts('cause')}::text[]
    ) with ordinality as transfer (order_id, kind, debit_account, credit_account, amount_minor, currency, cause, place)
    order by order_id, place`
}

export interface Entry {
  readonly number: number
  readonly kind: TransferKind
  readonly debitAccount: Account
  readonly creditAccount: Account
  readonly amountMinor: bigint
  readonly currency: string
  readonly cause: string
  readonly at: Date
  /** In hexadecimal digits. */
  readonly hash: string
  /** The height of the block that seals it; null in its first second or so. */
  readonly block: bigint | null
}

/** The driver gives bigints as text. */
type EntryRow = Omit<Entry, 'amountMinor' | 'block'> & { readonly amountMinor: string; readonly block: string | null }

export interface EntriesOf {
  readonly merchantId: string
  readonly orderId: string
  /** The number of the last entry of the page before. */
  readonly after: number
  readonly limit: number
}

/** At most `limit` transfers of an order, in their order. Those of another merchant are not there. */
export async function entriesOf(
  db: Kysely<PaymentDatabase>,
  { merchantId, orderId, after, limit }: EntriesOf,
): Promise<readonly Entry[]> {
  const { rows } = await sql<EntryRow>`
    select number, kind, debit_account as "debitAccount", credit_account as "creditAccount",
           amount_minor as "amountMinor", currency, cause, at, encode(hash, 'hex') as hash,
           (select height from ledger_blocks where last_xid >= transfer.xid order by last_xid limit 1) as block
    from ledger_transfers as transfer
    where order_id = ${orderId} and number > ${after}
      and exists (select from payments where id = order_id and merchant_id = ${merchantId})
    order by number limit ${limit}`.execute(db)
  return rows.map((row) => ({
    ...row,
    amountMinor: BigInt(row.amountMinor),
    block: row.block === null ? null : BigInt(row.block),
  }))
}

export interface TrialBalance {
  /** The last block; undefined before the first. */
  readonly sealed: { readonly height: bigint; readonly hash: string; readonly at: Date } | undefined
  /** Transfers that no block seals yet. They are counted in all the same. */
  readonly unsealedTransfers: bigint
  readonly sums: readonly Sum[]
}

export interface Sum {
  readonly account: Account
  readonly currency: string
  readonly debitMinor: bigint
  readonly creditMinor: bigint
}

interface Row {
  readonly height: string | null
  readonly hash: string | null
  readonly sealed_at: Date | null
  readonly unsealed: string
  /** Null, and all the others with it, when nothing was ever posted. */
  readonly account: Account | null
  readonly currency: string
  readonly debit_minor: string
  readonly credit_minor: string
}

/** The query of debits and credits by account and currency: the totals of one block, and transfers that came after it. */
export function summing({
  block,
  transfers,
}: {
  readonly block: string
  readonly transfers: string
}): RawBuilder<unknown> {
  return sql`
    select account, currency, sum(debit_minor) as debit_minor, sum(credit_minor) as credit_minor
    from (
      select account, currency, "debitMinor" as debit_minor, "creditMinor" as credit_minor
      from ${sql.id(block)}, jsonb_to_recordset(totals)
        as total (account text, currency text, "debitMinor" numeric, "creditMinor" numeric)
      union all select debit_account, currency, amount_minor, 0 from ${sql.id(transfers)}
      union all select credit_account, currency, 0, amount_minor from ${sql.id(transfers)}
    ) as entries
    group by account, currency`
}

/** What the last block says, and the transfers since: it costs the same however long the books are. */
export async function trialBalance(db: Kysely<PaymentDatabase>): Promise<TrialBalance> {
  const { rows } = await sql<Row>`
    with sealed as (
      select height, hash, sealed_at, last_xid, totals from ledger_blocks order by height desc limit 1
    ), unsealed as (
      select * from ledger_transfers where xid > coalesce((select last_xid from sealed), '0'::xid8)
    ), sums as (${summing({ block: 'sealed', transfers: 'unsealed' })}
    )
    select sealed.height, encode(sealed.hash, 'hex') as hash, sealed.sealed_at,
           (select count(*) from unsealed) as unsealed, sums.*
    from (values (1)) as always left join sealed on true left join sums on true
    order by currency, account`.execute(db)
  const [first] = rows
  return {
    sealed: first === undefined ? undefined : sealOf(first),
    unsealedTransfers: BigInt(first?.unsealed ?? 0),
    sums: rows.flatMap(({ account, currency, debit_minor, credit_minor }) =>
      account === null
        ? []
        : [{ account, currency, debitMinor: BigInt(debit_minor), creditMinor: BigInt(credit_minor) }],
    ),
  }
}

function sealOf({ height, hash, sealed_at }: Row): TrialBalance['sealed'] {
  if (height === null || hash === null || sealed_at === null) return undefined
  return { height: BigInt(height), hash, at: sealed_at }
}
