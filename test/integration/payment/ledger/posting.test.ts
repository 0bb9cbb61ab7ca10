import { randomUUIDv7 } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Paying, paid, paying, refunded } from '../../../support/payment/paying.ts'

let t: Paying
beforeAll(async () => {
  t = await paying(inject('postgresUrl'))
})
afterAll(() => t[Symbol.asyncDispose]())

const captured = ['1 hold_placed 1000', '2 hold_captured 1000', '3 capture 1000']
const statusOf = async (orderId: string) => {
  const { rows } = await sql<{ status: string }>`select status from payments where id = ${orderId}`.execute(t.db)
  return rows[0]?.status
}
const orders = (kinds: readonly (readonly string[])[]) =>
  new Map(kinds.map((names): [string, readonly string[]] => [randomUUIDv7(), names]))

describe('a transfer', () => {
  it('is posted in the transaction of the state that implies it, and not without it', async () => {
    const orderId = await t.live(['OrderPlaced'])
    const rolledBack = t.db.transaction().execute(async (trx) => {
      await t.feedIn(trx, orderId, ['Held'])
      expect(await t.transfersOf(orderId, trx)).toEqual(['1 hold_placed 1000'])
      throw new Error('rolled back')
    })
    await expect(rolledBack).rejects.toThrow('rolled back')
    expect([await statusOf(orderId), await t.transfersOf(orderId)]).toEqual(['authorising', []])
    await t.feed(orderId, 'Held')
    expect([await statusOf(orderId), await t.transfersOf(orderId)]).toEqual(['authorised', ['1 hold_placed 1000']])
  })

  it('that the table refuses takes the state with it', async () => {
    const orderId = await t.live(['OrderPlaced', 'Held', 'OrderConfirmed'])
    await sql`
      insert into ledger_transfers (order_id, kind, debit_account, credit_account, amount_minor, currency, cause)
      values (${orderId}, 'capture', 'gateway_clearing', 'merchant_payable', 1, 'EUR', 'another')`.execute(t.db)
    await expect(t.feed(orderId, 'Captured')).rejects.toMatchObject({ constraint: 'ledger_transfers_one_capture' })
    expect(await statusOf(orderId)).toBe('capturing')
  })

  it('is posted once, however often the same is told', async () => {
    const orderId = await t.live([...paid, ...paid, 'Captured', 'Held'])
    expect(await t.transfersOf(orderId)).toEqual(captured)
  })

  it('is posted for every step, also when one transaction brings a payment from nothing to refunded', async () => {
    const orderId: string = randomUUIDv7()
    await t.feed(orderId, ...refunded)
    expect(await t.transfersOf(orderId)).toEqual([...captured, '4 refund 300'])
  })

  it('is chained within its own order, however many orders share a transaction', async () => {
    const batch = orders(Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? paid : refunded)))
    await t.feedTogether(batch)
    for (const [orderId, names] of batch) {
      const expected = names === paid ? captured : [...captured, '4 refund 300']
      expect(await t.transfersOf(orderId)).toEqual(expected)
    }
  })
})

describe('a session that began when the ledger was empty', () => {
  it('finds the last transfer of an order by the index, and does not read the others', async () => {
    const empty = await paying(inject('postgresUrl'))
    const admin = empty.database.open<unknown>('postgres', 1)
    // It is known to be empty: reading all of it is the cheapest plan, and a session keeps its plan.
    await sql`vacuum analyze payment_service.ledger_transfers`.execute(admin)
    await empty.db.transaction().execute(async (trx) => {
      for (let at = 0; at < 20; at += 1) await empty.feedIn(trx, randomUUIDv7(), paid)
      const { rows } = await sql`
        select seq_scan::int, idx_scan::int > 0 as by_index from pg_stat_xact_user_tables
        where relname = 'ledger_transfers'`.execute(trx)
      expect(rows).toEqual([{ seq_scan: 0, by_index: true }])
    })
    await empty[Symbol.asyncDispose]()
  })
})

describe('the table of transfers', () => {
  const insert = (columns: string, values: string) =>
    sql.raw(`
    insert into ledger_transfers (order_id, kind, debit_account, credit_account, amount_minor, currency, cause${columns})
    values ('${randomUUIDv7()}', ${values})`)

  it.each([
    ['an amount of 0', `'capture', 'gateway_clearing', 'merchant_payable', 0, 'EUR', 'c'`, 'amount_is_positive'],
    ['accounts of another kind', `'capture', 'refunds', 'merchant_payable', 1, 'EUR', 'c'`, 'kind_fits_accounts'],
    ['a kind that it does not know', `'gift', 'refunds', 'merchant_payable', 1, 'EUR', 'c'`, 'kind_fits_accounts'],
  ])('refuses %s', async (_what, values, constraint) => {
    await expect(insert('', values).execute(t.db)).rejects.toMatchObject({
      constraint: `ledger_transfers_${constraint}`,
    })
  })

  it('lets nobody choose number, time, transaction or hash', async () => {
    const orderId: string = randomUUIDv7()
    await sql`
      insert into ledger_transfers (order_id, kind, debit_account, credit_account, amount_minor, currency, cause,
                                    number, at, xid, hash)
      values (${orderId}, 'capture', 'gateway_clearing', 'merchant_payable', 1, 'EUR', 'c',
              7, '2001-01-01', '3', '')`.execute(t.db)
    const { rows } = await sql<object>`
      select number, at > now() - interval '1 minute' as is_now, xid > '3' as is_ours, octet_length(hash) as bytes
      from ledger_transfers where order_id = ${orderId}`.execute(t.db)
    expect(rows).toEqual([{ number: 1, is_now: true, is_ours: true, bytes: 32 }])
  })
})

describe('the row of a payment', () => {
  it.each([
    ['captured with a refund', { status: 'captured' }],
    ['refunded and something left', { status: 'refunded' }],
    ['declined with money taken', { status: 'declined' }],
  ])('cannot be %s', async (_what, change) => {
    const orderId = await t.live(refunded)
    const setting = sql`update payments set state = state || ${JSON.stringify(change)}::jsonb where id = ${orderId}`
    await expect(setting.execute(t.db)).rejects.toMatchObject({ constraint: 'payments_status_fits_amounts' })
  })
})

describe('the migration', () => {
  it('opens the books of payments that are older than the ledger', async () => {
    await using old = await paying(inject('postgresUrl'))
    const held = await old.live(['OrderPlaced', 'Held'])
    const gone = await old.live(['OrderPlaced', 'Refused authorise'])
    const back = await old.live([...refunded, 'refund r9 100'])
    const before = await Promise.all([held, gone, back].map((orderId) => old.transfersOf(orderId)))
    await old.asAdmin(`
      drop table ledger_transfers, ledger_blocks;
      drop function ledger_chain;
      alter table payments drop constraint payments_status_fits_amounts`)
    await old.asAdmin(
      await readFile(new URL('../../../../db/payment_service/0002_ledger.sql', import.meta.url), 'utf8'),
    )
    expect(await Promise.all([held, gone, back].map((orderId) => old.transfersOf(orderId)))).toEqual(before)
    await old.feed(held, 'OrderCancelled', 'Gone cancelled')
    await old.feed(back, 'RefundFailed r1')
    expect(await old.transfersOf(held)).toEqual(['1 hold_placed 1000', '2 hold_released 1000'])
    expect(await old.transfersOf(back)).toEqual([...captured, '4 refund 300', '5 refund_reversed 300'])
  })
})
