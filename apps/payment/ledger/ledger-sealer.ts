import { type Kysely, sql } from 'kysely'
import type { Log } from '#runtime'
import type { PaymentDatabase } from '../tables.ts'
import { type Worker, worker } from '../worker.ts'
import { summing } from './ledger-store.ts'

/** So long a transfer is protected by the chain of its order alone. */
const sealEveryMs = 1_000
/** Of one block, in whole transactions: after an hour without a sealer no statement runs into its time-out. */
const blockMaxTransfers = 10_000

export interface SealerOptions {
  readonly db: Kysely<PaymentDatabase>
  readonly log: Log
}

/** Seals about each second. Every replica has one; they take turns. Posting does not wait for it. */
export function ledgerSealer({ db, log }: SealerOptions): Worker {
  return worker({
    once: async () => (await sealOnce(db)) >= blockMaxTransfers,
    pollMs: sealEveryMs,
    onFailure: (err) => log.error({ err }, 'the ledger could not be sealed, trying again'),
  })
}

/**
 * Adds one block over transfers that none seals yet. A transaction that is still open may hold transfers that nobody
 * sees, and its number is lower than those of others which have long committed: so only transfers below the oldest
 * transaction that is still open are sealed, for among those none can appear any more.
 * @returns how many it seals: 0 when there are none, or another replica is at it
 * @throws Error when the server's transactions are numbered lower than those that are sealed, as after a restored dump
 */
export async function sealOnce(db: Kysely<PaymentDatabase>, maxTransfers = blockMaxTransfers): Promise<number> {
  return await db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ mine: boolean; is_behind: boolean | null }>`
      select pg_try_advisory_xact_lock(hashtext('payment_service ledger')) as mine,
             (select last_xid >= pg_snapshot_xmin(pg_current_snapshot()) from ledger_blocks
              order by height desc limit 1) as is_behind`.execute(trx)
    if (rows[0]?.is_behind === true) throw new Error('Transactions are numbered lower than those of the last block')
    if (rows[0]?.mine !== true) return 0
    // A statement of its own: it sees what the one that held the lock before has committed.
    const sealed = await sql<{ transfers: string }>`
      with last as (
        select height, last_xid, hash, totals from ledger_blocks order by height desc limit 1
      ), after as (
        select coalesce((select last_xid from last), '0'::xid8) as xid
      ), bound as (
        select max(xid) as xid from (
          select xid from ledger_transfers
          where xid > (select xid from after) and xid < pg_snapshot_xmin(pg_current_snapshot())
          order by xid limit ${maxTransfers}
        ) as next
      ), sealed as (
        select * from ledger_transfers where xid > (select xid from after) and xid <= (select xid from bound)
      ), sums as (${summing({ block: 'last', transfers: 'sealed' })}
      ), block as materialized (
        select coalesce((select height from last), 0) + 1 as height, max(xid) as last_xid, count(*) as transfers,
               sha256(string_agg(hash, '' order by order_id, number)) as digest,
               (select jsonb_agg(jsonb_build_object(
                         'account', account, 'currency', currency,
                         'debitMinor', debit_minor, 'creditMinor', credit_minor) order by account, currency)
                from sums) as totals,
               clock_timestamp() as sealed_at
        from sealed having count(*) > 0
      )
      insert into ledger_blocks (height, last_xid, transfers, digest, totals, sealed_at, hash)
      select height, last_xid, transfers, digest, totals, sealed_at,
             sha256(coalesce((select hash from last), '') || int8send(height) || xid8send(last_xid)
                    || int8send(transfers) || digest || timestamptz_send(sealed_at)
                    || convert_to(totals::text, 'UTF8'))
      from block
      returning transfers`.execute(trx)
    return Number(sealed.rows[0]?.transfers ?? 0)
  })
}
