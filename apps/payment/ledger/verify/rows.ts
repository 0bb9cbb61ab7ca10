import pg from 'pg'
import { z } from 'zod'
import type { Block, Transfer } from './hashes.ts'

/** Rows that are in memory at one time. */
const pageRows = 5_000
const connectTimeoutMs = 5_000

/** One moment of the ledger, however long the reading takes. */
export interface LedgerRows {
  /** All, by order and number. */
  transfers(): AsyncIterable<Transfer>
  /** All, by height, each with its transfers by order and number. */
  blocks(): AsyncIterable<SealedBlock>
  /** Transfers that no block seals. */
  unsealed(): Promise<bigint>
  /** The first payment, by its order's id, that says other amounts than its transfers. In words. */
  disagreement(): Promise<string | undefined>
}

export interface SealedBlock extends Block {
  readonly sealed: readonly Transfer[]
}

/** @param url of any role that may read the payment service's tables */
export async function readingLedger<Result>(url: string, work: (rows: LedgerRows) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs })
  client.on('error', () => undefined)
  await client.connect()
  try {
    // The service's own role is cut off after seconds, which is too soon for a long ledger.
    await client.query('set statement_timeout = 0; set transaction_timeout = 0; set search_path = payment_service')
    await client.query('begin isolation level repeatable read, read only')
    return await work(rowsOf(client))
  } finally {
    await client.end()
  }
}

const bytes = z.instanceof(Buffer)
const big = z.coerce.bigint()
const transfer = z.object({
  orderId: z.string(),
  number: z.int(),
  kind: z.string(),
  debit: z.string(),
  credit: z.string(),
  amountMinor: big,
  currency: z.string(),
  cause: z.string(),
  at: big,
  hash: bytes,
})
const block = z.object({
  height: big,
  lastXid: big,
  transfers: big,
  digest: bytes,
  totals: z.string(),
  sealedAt: big,
  hash: bytes,
})

const microseconds = (column: string) => `(extract(epoch from ${column}) * 1000000)::bigint - 946684800000000`
const transferColumns = `
  order_id::text as "orderId", number, kind, debit_account as debit, credit_account as credit,
  amount_minor as "amountMinor", currency, cause, ${microseconds('at')} as at, hash`
const blockColumns = `
  height, last_xid::text as "lastXid", transfers, digest, totals::text, ${microseconds('sealed_at')} as "sealedAt", hash`

function rowsOf(client: pg.Client): LedgerRows {
  const select = async <Row>(row: z.ZodType<Row>, text: string, values: readonly unknown[] = []) =>
    z.array(row).parse((await client.query(text, [...values])).rows)
  const sealedBy = (after: bigint, { lastXid }: Block) =>
    select(
      transfer,
      `select ${transferColumns} from ledger_transfers where xid > $1 and xid <= $2 order by order_id, number`,
      [after, lastXid],
    )
  return {
    async *transfers() {
      let last: Transfer | undefined
      do {
        const page: Transfer[] = await select(
          transfer,
          `select ${transferColumns} from ledger_transfers
           where (order_id, number) > ($1, $2) order by order_id, number limit ${pageRows}`,
          [last?.orderId ?? '00000000-0000-0000-0000-000000000000', last?.number ?? 0],
        )
        yield* page
        last = page.length < pageRows ? undefined : page.at(-1)
      } while (last !== undefined)
    },
    async *blocks() {
      let last: z.output<typeof block> | undefined
      let xid = 0n
      do {
        const page: z.output<typeof block>[] = await select(
          block,
          `select ${blockColumns} from ledger_blocks where height > $1 order by height limit ${pageRows}`,
          [last?.height ?? 0],
        )
        for (const each of page) {
          yield { ...each, sealed: await sealedBy(xid, each) }
          xid = each.lastXid
        }
        last = page.length < pageRows ? undefined : page.at(-1)
      } while (last !== undefined)
    },
    unsealed: async () => (await select(z.object({ count: big }), unsealedSql))[0]?.count ?? 0n,
    disagreement: async () => (await select(z.object({ words: z.string() }), disagreementSql))[0]?.words,
  }
}

const unsealedSql = `
  select count(*) from ledger_transfers
  where xid > coalesce((select last_xid from ledger_blocks order by height desc limit 1), '0'::xid8)`

const disagreementSql = `
  with books as (
    select order_id,
           sum(case 'held' when debit_account then amount_minor when credit_account then -amount_minor end) as held,
           sum(case 'merchant_payable' when credit_account then amount_minor when debit_account then -amount_minor end)
             as captured,
           sum(case 'refunds' when debit_account then amount_minor when credit_account then -amount_minor end) as refunded
    from ledger_transfers group by order_id
  ), both_sides as (
    select coalesce(id, order_id) as order_id,
           case when state #>> '{position,at}' = 'held' then authorised_minor else 0 end as says_held,
           coalesce(captured_minor, 0) as says_captured, coalesce(refunded_minor, 0) as says_refunded,
           coalesce(held, 0) as held, coalesce(captured, 0) as captured, coalesce(refunded, 0) as refunded
    from payments full join books on order_id = id
  )
  select format('the payment of order %s says held %s, captured %s, refunded %s, and its transfers say %s, %s, %s',
                order_id, says_held, says_captured, says_refunded, held, captured, refunded) as words
  from both_sides where (says_held, says_captured, says_refunded) <> (held, captured, refunded)
  order by order_id limit 1`
