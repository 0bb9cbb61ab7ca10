import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { hashOfTransfer, type Transfer } from '../../../../apps/payment/ledger/verify/hashes.ts'
import { readingLedger } from '../../../../apps/payment/ledger/verify/rows.ts'
import { type Head, verifyLedger } from '../../../../apps/payment/ledger/verify/verify.ts'
import { type Paying, paid, paying, refunded } from '../../../support/payment/paying.ts'

// What a superuser can do to the books, and that it shows. Each test begins with the same sound ledger of three blocks.

let t: Paying
let orders: readonly [first: string, second: string, third: string]
let head: Head | undefined
const tables = ['payments', 'ledger_transfers', 'ledger_blocks']

beforeAll(async () => {
  t = await paying(inject('postgresUrl'))
  const [first, second] = [await t.live(paid), await t.live(['OrderPlaced', 'Held', 'OrderConfirmed'])]
  await t.seal()
  await t.feed(second, 'Captured')
  await t.seal()
  const third = await t.live(refunded)
  await t.seal()
  orders = [first, second, third]
  ;({ head } = await verify())
  for (const table of tables) await t.asAdmin(`create table kept_${table} as table ${table}`)
})
afterEach(async () => {
  const columns = 'id, version, source_version, source_event_id, due_at, state'
  await unchained(`truncate payments, ledger_transfers, ledger_blocks;
    insert into payments (${columns}) select ${columns} from kept_payments;
    insert into ledger_transfers select * from kept_ledger_transfers;
    insert into ledger_blocks select * from kept_ledger_blocks`)
  const { flaws } = await verify(head)
  if (flaws.length > 0) throw new Error(`not put back: ${flaws.join(', ')}`)
})
afterAll(() => t[Symbol.asyncDispose]())

/** As a superuser who knows how to go round a trigger. */
const unchained = (statement: string) => t.asAdmin(`set local session_replication_role = replica; ${statement}`)
const verify = (known?: Head) => readingLedger(t.database.url('payment_service'), (rows) => verifyLedger(rows, known))
const expectFlaws = async (...flaws: readonly string[]) =>
  expect((await verify()).flaws).toEqual(flaws.map((flaw) => expect.stringContaining(flaw)))
const of = (orderId: string, number: number) => `order_id = '${orderId}' and number = ${number}`

/** Rewrites a transfer and gives it the hash of what it says now. */
async function forge(orderId: string, number: number, change: Partial<Transfer>): Promise<Transfer> {
  const chain: Transfer[] = []
  await readingLedger(t.database.url('payment_service'), async (rows) => {
    for await (const transfer of rows.transfers()) if (transfer.orderId === orderId) chain.push(transfer)
  })
  const [before, found] = [chain[number - 2], chain[number - 1]]
  if (found === undefined) throw new Error('There is no such transfer')
  const forged = { ...found, ...change }
  const hash = hashOfTransfer(before?.hash ?? Buffer.alloc(0), forged)
  await unchained(`update ledger_transfers set amount_minor = ${forged.amountMinor}, hash = '\\x${hash.toString('hex')}'
                   where ${of(orderId, number)}`)
  return { ...forged, hash }
}

test('all fits while nobody has touched it', async () => {
  expect(await verify(head)).toMatchObject({
    transfers: 10n,
    blocks: 3n,
    unsealed: 0n,
    flaws: [],
    head: { height: 3n },
  })
})

test('a changed amount', async () => {
  await t.asAdmin(`update ledger_transfers set amount_minor = 1 where ${of(orders[0], 3)}`)
  await expectFlaws(
    `transfer 3 of order ${orders[0]}, capture 1 EUR, was changed`,
    'block 1 has other totals',
    `the payment of order ${orders[0]}`,
  )
})

test.each(['kind', 'cause', 'at'])('a changed %s', async (column) => {
  const other = { kind: `'hold_released'`, cause: `cause || '|'`, at: `at + interval '1 microsecond'` }[column]
  await t.asAdmin(`update ledger_transfers set ${column} = ${other} where ${of(orders[1], 2)}`)
  await expectFlaws(`transfer 2 of order ${orders[1]}`)
})

test('a changed amount whose hash was made to fit: the next transfer and the block do not', async () => {
  await forge(orders[0], 1, { amountMinor: 5n })
  await expectFlaws(`transfer 2 of order ${orders[0]}`, 'block 1 has sealed other transfers', orders[0])
})

test('a changed amount at the end of a chain: the block does not fit', async () => {
  await forge(orders[2], 4, { amountMinor: 200n })
  await expectFlaws('block 3 has sealed other transfers', `the payment of order ${orders[2]}`)
})

test('a deleted transfer, in between and at the end', async () => {
  await t.asAdmin(`delete from ledger_transfers where ${of(orders[1], 2)}`)
  await expectFlaws(
    `transfer 2 of order ${orders[1]} is missing`,
    'block 2 has sealed 2 transfers, and now there are 1',
    `the payment of order ${orders[1]}`,
  )
  await t.asAdmin(`delete from ledger_transfers where ${of(orders[1], 3)}`)
  await expectFlaws('block 2 has sealed 2 transfers, and now there are 0', `the payment of order ${orders[1]}`)
})

test('an order that is gone from payments and ledger alike', async () => {
  await t.asAdmin(`delete from ledger_transfers where order_id = '${orders[0]}'`)
  await t.asAdmin(`delete from payments where id = '${orders[0]}'`)
  await expectFlaws('block 1 has sealed 4 transfers, and now there are 1')
})

test('a transfer that is slipped in as if it had always been there', async () => {
  await t.asAdmin(`
    insert into ledger_transfers (order_id, kind, debit_account, credit_account, amount_minor, currency, cause)
    values ('${orders[0]}', 'refund', 'refunds', 'gateway_clearing', 1000, 'EUR', 'mine')`)
  await unchained(`
    update ledger_transfers set xid = (select min(xid) from ledger_transfers) where ${of(orders[0], 4)};
    update payments set state = jsonb_set(jsonb_set(state, '{position,refundedMinor}', '1000'), '{status}', '"refunded"')
    where id = '${orders[0]}'`)
  await expectFlaws('block 1 has sealed 4 transfers, and now there are 5')
})

test('a transfer that was posted by hand: it is sealed, and no payment knows of it', async () => {
  await t.asAdmin(`
    insert into ledger_transfers (order_id, kind, debit_account, credit_account, amount_minor, currency, cause)
    values ('${orders[0]}', 'refund', 'refunds', 'gateway_clearing', 400, 'EUR', 'mine')`)
  await t.seal()
  await expectFlaws(`order ${orders[0]} says held 0, captured 1000, refunded 0, and its transfers say 0, 1000, 400`)
})

test('a payment that was changed behind the ledger’s back', async () => {
  await t.asAdmin(
    `update payments set state = jsonb_set(state, '{position,capturedMinor}', '999') where id = '${orders[1]}'`,
  )
  await expectFlaws(`the payment of order ${orders[1]} says held 0, captured 999`)
})

test('a changed block, and a deleted one', async () => {
  await t.asAdmin(`update ledger_blocks set totals = totals || '[]' || '{}' where height = 2`)
  await expectFlaws('block 2 was changed')
  await t.asAdmin(`update ledger_blocks set totals = 'true' where height = 2`)
  await expectFlaws('block 2 was changed')
  await t.asAdmin('delete from ledger_blocks where height = 2')
  await expectFlaws('block 2 is missing')
})

test('a ledger that was rewritten to its end: only who has kept a block notices', async () => {
  await t.asAdmin('truncate ledger_blocks')
  await t.seal()
  expect((await verify()).flaws).toEqual([])
  expect((await verify(head)).flaws).toEqual(['block 3 is missing'])
  expect((await verify({ height: 1n, hash: head?.hash ?? '' })).flaws).toEqual([
    'block 1 is not the one that was written down',
  ])
})
