import { randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createLogger } from '#runtime'
import { ledgerSealer, sealOnce } from '../../../../apps/payment/ledger/ledger-sealer.ts'
import { readingLedger } from '../../../../apps/payment/ledger/verify/rows.ts'
import { verifyLedger } from '../../../../apps/payment/ledger/verify/verify.ts'
import { limitMs } from '../../../support/limits.ts'
import { type Paying, paid, paying, refunded } from '../../../support/payment/paying.ts'

let t: Paying
beforeAll(async () => {
  t = await paying(inject('postgresUrl'))
})
afterAll(() => t[Symbol.asyncDispose]())

const log = createLogger({ service: 'test', level: 'silent' })
const verify = () => readingLedger(t.database.url('payment_service'), (rows) => verifyLedger(rows))
const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0)
const expectSealed = async () =>
  expect(await verify()).toMatchObject({ flaws: [], unsealed: 0n, transfers: await count('ledger_transfers') })
const count = async (table: string) => {
  const { rows } = await sql<{ count: string }>`select count(*) from ${sql.table(table)}`.execute(t.db)
  return BigInt(rows[0]?.count ?? 0)
}

test('seals what was posted, each transfer once, and makes no empty block', async () => {
  await t.live(refunded)
  await t.live(['OrderPlaced', 'Held'])
  expect(sum(await t.seal())).toBe(5)
  const blocks = await count('ledger_blocks')
  expect(await sealOnce(t.db)).toBe(0)
  expect(await count('ledger_blocks')).toBe(blocks)
  await t.live(paid)
  expect(sum(await t.seal())).toBe(3)
  await expectSealed()
})

test('takes at most so many, and never a part of a transaction', async () => {
  const together = new Map(Array.from({ length: 4 }, () => [`${randomUUIDv7()}`, paid]))
  await t.feedTogether(together)
  await t.live(paid)
  expect(await t.seal(1)).toEqual([12, 1, 2])
  await expectSealed()
})

test('waits for a transaction that began earlier and commits later, and skips nothing of it', async () => {
  const [late, early] = [await t.live(['OrderPlaced']), await t.live(['OrderPlaced'])]
  const posted = Promise.withResolvers<void>()
  const commits = Promise.withResolvers<void>()
  const slow = t.db.transaction().execute(async (trx) => {
    await t.feedIn(trx, late, ['Held'])
    posted.resolve()
    await commits.promise
  })
  await posted.promise
  await t.feed(early, 'Held')
  const before = await count('ledger_blocks')
  await sealOnce(t.db)
  expect([await count('ledger_blocks'), (await verify()).unsealed]).toEqual([before, 1n])
  commits.resolve()
  await slow
  expect(sum(await t.seal())).toBe(2)
  await expectSealed()
})

test('is one, however many replicas there are: while one is at it the others leave it alone', async () => {
  await t.live(paid)
  const held = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const other = t.db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtext('payment_service ledger'))`.execute(trx)
    held.resolve()
    await release.promise
  })
  await held.promise
  expect(await sealOnce(t.db)).toBe(0)
  release.resolve()
  await other
  expect(sum(await t.seal())).toBe(3)
})

test('two replicas seal everything once while payments go on, some in transactions that end out of order', async () => {
  const replicas = [ledgerSealer({ db: t.db, log }), ledgerSealer({ db: t.db, log })]
  for (const replica of replicas) replica.start()
  let ends = false
  const sealing = Array.from({ length: 2 }, async () => {
    while (!ends) await sealOnce(t.db, 7)
  })
  const other = t.database.open<object>('payment_service', 8)
  const paying = Array.from({ length: 6 }, async (_, at) => {
    for (let turn = 0; turn < 8; turn += 1) {
      await other.transaction().execute(async (trx) => {
        await t.feedIn(trx, randomUUIDv7(), paid)
        await sql`select pg_sleep(${((at * 7 + turn * 5) % 9) / 200})`.execute(trx)
        await t.feedIn(trx, randomUUIDv7(), refunded)
      })
    }
  })
  await Promise.all(paying)
  ends = true
  await Promise.all(sealing)
  await Promise.all(replicas.map((replica) => replica.stop({ timeoutMs: limitMs(10_000) })))
  await t.seal()
  await expectSealed()
})

test('refuses to seal where transactions are numbered anew, as after a restored dump', async () => {
  await using restored = await paying(inject('postgresUrl'))
  await restored.live(paid)
  await restored.seal()
  await restored.asAdmin(
    `update ledger_blocks set last_xid = '99999999999' where height = (select max(height) from ledger_blocks)`,
  )
  await expect(sealOnce(restored.db)).rejects.toThrow('numbered lower')
})
