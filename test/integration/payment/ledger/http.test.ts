import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createApp, createLogger, createMetrics, createReadiness, env, type HttpApp } from '#runtime'
import { ledgerRoutes } from '../../../../apps/payment/ledger/ledger-http.ts'
import { watchLedger } from '../../../../apps/payment/ledger/ledger-metrics.ts'
import { silentLog } from '../../../support/counter/counter.ts'
import { parseExposition, sumOf } from '../../../support/exposition.ts'
import { limitMs } from '../../../support/limits.ts'
import { type Paying, paid, paying, refunded } from '../../../support/payment/paying.ts'

let t: Paying
let app: HttpApp
beforeAll(async () => {
  t = await paying(inject('postgresUrl'))
  const log = createLogger({ service: 'test', level: 'warn' })
  app = createApp({ service: 'test', readiness: createReadiness(), log })
  const apiKeys = env
    .apiKeys()
    .parse(`sk_test_paysaga=${t.merchantId},sk_test_other=0190a000-0000-7000-8000-000000000002`)
  app.route('/', ledgerRoutes({ db: t.db, apiKeys, operatorKeys: env.operatorKeys().parse('sk_ops_paysaga=ada') }))
})
afterAll(() => t[Symbol.asyncDispose]())

async function get(path: string, key = 'sk_test_paysaga') {
  const response = await app.request(path, { headers: { authorization: `Bearer ${key}` } })
  return { status: response.status, body: JSON.parse(await response.text()) }
}
const trialBalance = async () => (await get('/ledger/trial-balance', 'sk_ops_paysaga')).body
const line = (account: string, debitMinor: number, creditMinor: number) => ({
  account,
  currency: 'EUR',
  memo: account === 'held' || account === 'authorised',
  debitMinor,
  creditMinor,
  balanceMinor: debitMinor - creditMinor,
})

describe('GET /ledger/trial-balance', () => {
  it('is empty before anything was posted', async () => {
    expect(await trialBalance()).toEqual({ accounts: [], totals: [], unsealedTransfers: 0 })
  })

  it('adds what is sealed and what is not, and sums to zero in every currency', async () => {
    await t.live(refunded)
    await t.live(['OrderPlaced', 'Held'])
    const expected = {
      accounts: [
        line('held', 2_000, 1_000),
        line('authorised', 1_000, 2_000),
        line('gateway_clearing', 1_000, 300),
        line('merchant_payable', 0, 1_000),
        line('refunds', 300, 0),
        line('fees', 0, 0),
      ],
      totals: [{ currency: 'EUR', debitMinor: 4_300, creditMinor: 4_300, balanceMinor: 0 }],
    }
    expect(await trialBalance()).toEqual({ ...expected, unsealedTransfers: 5 })
    await t.seal()
    const sealed = await trialBalance()
    expect(sealed).toMatchObject({
      ...expected,
      unsealedTransfers: 0,
      sealed: { hash: expect.stringMatching(/^\w{64}$/) },
    })
    await t.live(['OrderPlaced', 'Held USD', 'Gone cancelled'])
    const both = await trialBalance()
    expect(both).toMatchObject({ unsealedTransfers: 2, sealed: sealed.sealed })
    expect(both.totals).toEqual([
      ...expected.totals,
      { currency: 'USD', debitMinor: 2_000, creditMinor: 2_000, balanceMinor: 0 },
    ])
    await t.seal()
    expect((await trialBalance()).accounts).toEqual(both.accounts)
  })

  it('is for operators, whose keys open no entries', async () => {
    for (const key of ['sk_test_paysaga', 'wrong']) expect((await get('/ledger/trial-balance', key)).status).toBe(401)
    expect((await get(`/ledger/entries?orderId=${randomUUIDv7()}`, 'sk_ops_paysaga')).status).toBe(401)
  })
})

describe('GET /ledger/entries', () => {
  it('lists what was posted for an order, page by page, with the block that seals it', async () => {
    const orderId = await t.live(paid)
    const path = `/ledger/entries?orderId=${orderId.toUpperCase()}&limit=2`
    const first = await get(path)
    expect(first).toMatchObject({
      status: 200,
      body: {
        data: [
          { number: 1, kind: 'hold_placed', debitAccount: 'held', creditAccount: 'authorised', amountMinor: 1_000 },
          { number: 2, kind: 'hold_captured' },
        ],
        nextCursor: 2,
      },
    })
    expect(first.body.data[0]).not.toHaveProperty('block')
    await t.seal()
    const second = await get(`${path}&cursor=2`)
    expect(second.body).toEqual({
      data: [
        {
          number: 3,
          kind: 'capture',
          debitAccount: 'gateway_clearing',
          creditAccount: 'merchant_payable',
          amountMinor: 1_000,
          currency: 'EUR',
          cause: 'pi_1',
          at: expect.stringMatching(/Z$/),
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          block: expect.any(Number),
        },
      ],
    })
  })

  it('shows nothing of another merchant, and nothing of what is not known', async () => {
    const orderId = await t.live(paid)
    expect(await get(`/ledger/entries?orderId=${orderId}`, 'sk_test_other')).toEqual({
      status: 200,
      body: { data: [] },
    })
    expect(await get(`/ledger/entries?orderId=${randomUUIDv7()}`)).toEqual({ status: 200, body: { data: [] } })
  })

  it.each(['', '?orderId=1', `?orderId=${randomUUIDv7()}&limit=0`, `?orderId=${randomUUIDv7()}&limit=201`])(
    'refuses %s',
    async (query) => {
      expect((await get(`/ledger/entries${query}`)).status).toBe(400)
    },
  )
})

it('/openapi.json has both', async () => {
  const { body } = await get('/openapi.json')
  expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/ledger/entries', '/ledger/trial-balance']))
})

it('the age of the oldest unsealed transfer is a metric', async () => {
  const metrics = createMetrics(silentLog)
  watchLedger(metrics, t.db)
  await t.seal()
  const seconds = async () => sumOf(parseExposition(await metrics.exposition()), 'paysaga_ledger_unsealed_seconds')
  expect(await seconds()).toBe(0)
  await t.live(paid)
  await expect.poll(seconds, { timeout: limitMs(5_000), interval: 300 }).toBeGreaterThan(0)
})
