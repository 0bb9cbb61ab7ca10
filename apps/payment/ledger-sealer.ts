import { setTimeout } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import type { Log } from '#runtime'
import type { PaymentDatabase } from './tables.ts'

/** So long a transfer is protected by the chain of its order alone. */
const sealEveryMs = 1_000
/** Of one block, in whole transactions: after an hour without a sealer no statement runs into its time-out. */
const blockMaxTransfers = 10_000

export interface SealerOptions {
  readonly db: Kysely<PaymentDatabase>
  readonly log: Log
}

/** Seals about each second until stopped. Every replica runs one; they take turns. */
export function startSealer({ db, log }: SealerOptions): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const seal = async (): Promise<number> => {
    try {
      return await sealOnce(db)
    } catch (error) {
      // Posting does not wait for it: what is not sealed now is sealed when it works again.
      log.error({ err: error }, 'the ledger could not be sealed, trying again')
      return 0
    }
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const transfers = await seal()
      if (transfers < blockMaxTransfers) await setTimeout(sealEveryMs, undefined, { signal }).catch(() => undefined)
    }
  }
  const ended = run()
  return {
    stop: async () => {
      stopping.abort()
      await ended
    },
  }
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
      ), sums as (
        select account, currency, sum(debit_minor) as debit_minor, sum(credit_minor) as credit_minor
        from (
          select account, currency, "debitMinor" as debit_minor, "creditMinor" as credit_minor
          from last, jsonb_to_recordset(totals)
            as total (account text, currency text, "debitMinor" numeric, "creditMinor" numeric)
          union all select debit_account, currency, amount_minor, 0 from sealed
          union all select credit_account, currency, 0, amount_minor from sealed
        ) as entries
        group by account, currency
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
