import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { limitMs } from '../../support/limits.ts'
import { cliOf, runCliOf } from '../../support/system/cli.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const cli = cliOf(shop)
const within = { timeout: limitMs(15_000), interval: 100 }

const entries = z.object({
  data: z.array(
    z.object({
      number: z.int(),
      kind: z.string(),
      debitAccount: z.string(),
      creditAccount: z.string(),
      amountMinor: z.int(),
      currency: z.string(),
      block: z.int().optional(),
    }),
  ),
})
const trialBalance = z.object({
  totals: z.array(z.object({ currency: z.string(), balanceMinor: z.int() })),
  unsealedTransfers: z.int(),
})

const entriesOf = async (id: string) =>
  entries.parse(await shop.getJson(shop.ports.payment, `/ledger/entries?orderId=${id}`)).data
const kindsOf = async (id: string) => (await entriesOf(id)).map(({ kind, amountMinor }) => `${kind} ${amountMinor}`)
const readTrialBalance = async () => {
  const headers = { authorization: 'Bearer sk_ops_paysaga' }
  const response = await fetch(shop.url(shop.ports.payment, '/ledger/trial-balance'), { headers })
  return trialBalance.parse(await response.json())
}

/** Debits less credits of some orders, by currency. */
async function balances(account: string, ids: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const sums: Record<string, number> = {}
  for (const entry of (await Promise.all(ids.map(entriesOf))).flat()) {
    const debit = entry.debitAccount === account ? entry.amountMinor : 0
    const credit = entry.creditAccount === account ? entry.amountMinor : 0
    sums[entry.currency] = (sums[entry.currency] ?? 0) + debit - credit
  }
  return sums
}

async function gatewayNet(ids: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const nets: Record<string, number> = {}
  for (const { currency, netMinor } of (await Promise.all(ids.map((id) => shop.charges(id)))).flat()) {
    const code = currency.toUpperCase()
    nets[code] = (nets[code] ?? 0) + netMinor
  }
  return nets
}

const place = async (amountMinor: number, more: object = {}) => {
  const { id } = await shop.place(anOrderOver(amountMinor, more))
  return id
}
const paid = async (amountMinor: number, more: object = {}) => {
  const id = await place(amountMinor, more)
  await follow(shop, id, { until: 'paid' })
  return id
}
const refund = async (id: string, body: object) => {
  const { status } = await shop.post(body, { key: randomUUID(), path: `/orders/${id}/refunds` })
  expect(status).toBe(202)
}

describe('after orders that were paid, cancelled, declined and refunded, in three currencies', () => {
  const ids: string[] = []
  beforeAll(async () => {
    const [kept, inYen, inDollars, inPart, whole, cancelled, early, declined] = await Promise.all([
      paid(7_001),
      paid(7_002, { currency: 'JPY' }),
      paid(7_003, { currency: 'USD' }),
      paid(7_004),
      paid(7_005, { currency: 'USD' }),
      paid(7_006),
      place(7_007),
      place(7_008, { paymentMethod: 'pm_card_visa_chargeDeclined' }),
    ])
    ids.push(kept, inYen, inDollars, inPart, whole, cancelled, early, declined)
    await Promise.all([
      refund(inPart, { amountMinor: 1_004 }),
      refund(whole, {}),
      shop.cancel(cancelled),
      shop.cancel(early),
    ])
    await Promise.all([
      vi.waitUntil(async () => (await shop.get(inPart)).refundedMinor === 1_004, within),
      follow(shop, whole, { until: 'refunded' }),
      ...[cancelled, early, declined].map((id) => follow(shop, id, { until: 'cancelled' })),
    ])
  })

  it('the clearing account is the gateway’s own record, to the minor unit', async () => {
    const net = await gatewayNet(ids)
    expect(net).toEqual({ EUR: 7_001 + 6_000, JPY: 7_002, USD: 7_003 })
    expect(await balances('gateway_clearing', ids)).toEqual({ EUR: 0, JPY: 0, USD: 0, ...net })
  })

  it('nothing is held', async () => {
    expect(Object.values(await balances('held', ids)).filter((minor) => minor !== 0)).toEqual([])
  })

  it('each order shows how its money went', async () => {
    const [kept = '', , , inPart = '', , cancelled = '', , declined = ''] = ids
    const captured = (minor: number) => [`hold_placed ${minor}`, `hold_captured ${minor}`, `capture ${minor}`]
    expect(await kindsOf(kept)).toEqual(captured(7_001))
    expect(await kindsOf(inPart)).toEqual([...captured(7_004), 'refund 1004'])
    expect(await kindsOf(cancelled)).toEqual([...captured(7_006), 'refund 7006'])
    expect(await kindsOf(declined)).toEqual([])
  })

  it('everything is sealed within seconds, sums to zero, and verifies', async () => {
    await expect.poll(async () => (await readTrialBalance()).unsealedTransfers, within).toBe(0)
    const { totals } = await readTrialBalance()
    expect(totals.map(({ currency }) => currency)).toEqual(expect.arrayContaining(['EUR', 'JPY', 'USD']))
    expect(totals.filter(({ balanceMinor }) => balanceMinor !== 0)).toEqual([])
    expect((await entriesOf(ids[0] ?? '')).every(({ block }) => block !== undefined)).toBe(true)
    const output = await cli('ledger')
    expect(output).toContain('all of it fits')
    const [, head = ''] = /HEAD=(\S+)/.exec(output) ?? []
    expect(await cli('ledger', head)).toContain('all of it fits')
  })

  it('one amount that somebody changes is named, and the command fails', async () => {
    const [id = ''] = ids
    const change = (amountMinor: number) =>
      asAdmin(`update payment_service.ledger_transfers set amount_minor = ${amountMinor}
               where order_id = '${id}' and kind = 'capture'`)
    await change(1)
    try {
      expect(await runCliOf(shop)('ledger')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining(`transfer 3 of order ${id}, capture 1 EUR, was changed`),
      })
    } finally {
      await change(7_001)
    }
    expect(await cli('ledger')).toContain('all of it fits')
  })
})

async function asAdmin(statement: string): Promise<void> {
  const { endpoints } = shop.stack
  const client = new pg.Client({
    connectionString: endpoints.databaseUrl('postgres', shop.databases.payment_service),
  })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
