import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { NotPerformed } from '#messaging'
import { createLogger, createMetrics } from '#runtime'
import { reconcileOnce, reconciliationRunner } from '../../../../apps/payment/reconciliation/reconciliation.ts'
import type { ReconciliationOptions } from '../../../../apps/payment/reconciliation/reconciliation-options.ts'
import {
  beginRun,
  bySchedule,
  endPage,
  isRunDue,
  takeRun,
} from '../../../../apps/payment/reconciliation/reconciliation-store.ts'
import { findingsOf, findRun, latestRuns } from '../../../../apps/payment/reconciliation/reconciliation-views.ts'
import type { PaymentDatabase } from '../../../../apps/payment/tables.ts'
import {
  type ListingGateway,
  listingGateway,
  takenAtGateway as taken,
} from '../../../support/gateway/listing-gateway.ts'
import { limitMs } from '../../../support/limits.ts'
import { payingOrder, uncalled } from '../../../support/payment/paying-order.ts'
import { freshDatabase, type TestDatabase } from '../../../support/system/database.ts'

const log = createLogger({ service: 'test', level: 'silent' })
let database: TestDatabase
let db: Kysely<PaymentDatabase>
let gateway: ListingGateway
let options: ReconciliationOptions

beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  db = database.open<PaymentDatabase>('payment_service')
})
beforeEach(async () => {
  await sql`update reconciliation set state = 'finished', finished_at = now() where state = 'running'`.execute(db)
  gateway = listingGateway()
  const { list, lookUps } = gateway
  options = { db, participant: uncalled, list, lookUps, log, metrics: createMetrics(log), lookUpMs: 1_000 }
})
afterAll(() => database[Symbol.asyncDispose]())

const begin = async (since: Date): Promise<string> =>
  (await beginRun(db, { by: 'ada', since, until: new Date(Date.now() + 60_000) })) ?? ''
/** Once its time is over, or the pause after a failure. */
const atOnce = () => sql`update reconciliation set leased_until = now() where state = 'running'`.execute(db)
const toTheEnd = async () => {
  while (await reconcileOnce(options));
}
const holding = ['OrderPlaced', 'Held'] as const
const none = { matched: 0, repaired: 0, reported: 0, left_open: 0, not_ours: 0 }
const order = (said: Parameters<typeof payingOrder>[1]) => payingOrder(db, said, `pi_${randomUUID()}`)
const many = async (number: number) => {
  const orders = []
  for (let at = 0; at < number; at += 1) orders.push(await order(holding))
  return orders
}

describe('a run that dies', () => {
  test('between two pages goes on at its cursor', async () => {
    const since = new Date()
    gateway.intents = (await many(6)).map((each) => taken(each))
    const id = await begin(since)
    gateway.dies = (at) => at === 'page 3'
    await toTheEnd()
    const cursor = gateway.intents[3]?.paymentId
    expect(await findRun(db, id)).toMatchObject({ state: 'running', cursor, pages: 2, failures: 1, repaired: 4 })
    expect((await findRun(db, id))?.lastError).toContain('killed')
    gateway.dies = () => false
    await atOnce()
    await toTheEnd()
    expect(gateway.pages).toEqual([null, gateway.intents[1]?.paymentId, cursor])
    expect(await findRun(db, id)).toMatchObject({ state: 'finished', failures: 0, repaired: 6, matched: 0 })
  })

  test('in the middle of a page repairs nothing twice, and counts it once', async () => {
    const since = new Date()
    const orders = await many(2)
    gateway.intents = orders.map((each) => taken(each))
    const id = await begin(since)
    gateway.dies = (at) => at === 'look-up 2'
    await toTheEnd()
    expect(await orders[0]?.payment()).toMatchObject({ status: 'captured' })
    expect(await orders[1]?.payment()).toMatchObject({ status: 'authorised' })
    expect(await findRun(db, id)).toMatchObject({ pages: 0, repaired: 0 })
    gateway.dies = () => false
    await atOnce()
    await toTheEnd()
    expect(gateway.lookedUp).toEqual(orders.map(({ paymentId }) => paymentId))
    expect(await findRun(db, id)).toMatchObject({ intentsSeen: 2, repaired: 2, matched: 0 })
    for (const each of orders) expect(await each.events()).toEqual(['PaymentAuthorized', 'PaymentCaptured'])
  })

  test('among payments that were in no page of the gateway counts each once as well', async () => {
    const since = new Date()
    const orders = await many(3)
    const id = await begin(since)
    gateway.dies = (at) => at === 'look-up 3'
    await toTheEnd()
    expect(await findRun(db, id)).toMatchObject({ stage: 'payments', reported: 0, failures: 1 })
    gateway.dies = () => false
    await atOnce()
    await toTheEnd()
    expect(gateway.lookedUp).toEqual(orders.map(({ paymentId }) => paymentId))
    expect(await findRun(db, id)).toMatchObject({ state: 'finished', reported: 3 })
    expect(await findingsOf(db, id, 10)).toHaveLength(3)
  })

  test('because its process ends is handed over at once, and has not failed', async () => {
    const since = new Date()
    gateway.intents = [taken(await order(holding))]
    const id = await begin(since)
    const ending = new AbortController()
    ending.abort()
    expect(await reconcileOnce(options, ending.signal)).toBe(false)
    expect(await findRun(db, id)).toMatchObject({ state: 'running', failures: 0, lastError: null })
    await toTheEnd()
    expect(await findRun(db, id)).toMatchObject({ state: 'finished', repaired: 1 })
  })

  test('without a word is taken up when its time is over, and what it still writes does not count', async () => {
    const since = new Date()
    gateway.intents = [taken(await order(holding))]
    const id = await begin(since)
    const slow: ReconciliationOptions = {
      ...options,
      lookUps: {
        ...gateway.lookUps,
        lookUp: async (paymentId) => {
          await atOnce()
          await reconcileOnce(options)
          return await gateway.lookUps.lookUp(paymentId)
        },
      },
    }
    expect(await reconcileOnce(slow)).toBe(false)
    await toTheEnd()
    expect(await findRun(db, id)).toMatchObject({ state: 'finished', pages: 2, intentsSeen: 1, repaired: 1 })
  })

  test('again and again has failed, and makes room for the next', async () => {
    const id = await begin(new Date(Date.now() - 1))
    gateway.dies = () => true
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await atOnce()
      await reconcileOnce(options)
    }
    expect(await findRun(db, id)).toMatchObject({ state: 'failed', failures: 12, cursor: null })
    expect(await begin(new Date())).not.toBe('')
  })
})

test('an intent that cannot be looked up does not keep the others waiting, a gateway that refuses to look does', async () => {
  const since = new Date()
  const [odd, other] = await many(2)
  gateway.intents = [odd, other].flatMap((each) => (each === undefined ? [] : [taken(each)]))
  const id = await begin(since)
  const failing = (error: Error): ReconciliationOptions => {
    const fails = (paymentId: string) =>
      paymentId === odd?.paymentId ? Promise.reject(error) : gateway.lookUps.lookUp(paymentId)
    return { ...options, lookUps: { ...gateway.lookUps, lookUp: fails } }
  }
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await atOnce()
    await reconcileOnce(failing(new NotPerformed('too many requests')))
  }
  expect(await findRun(db, id)).toMatchObject({ pages: 0, failures: 5 })
  await atOnce()
  await reconcileOnce(failing(new Error('a refund of another currency')))
  expect(await findRun(db, id)).toMatchObject({ pages: 1, repaired: 1, leftOpen: 1 })
})

test('what decide fails on is reported with its error, and its transaction leaves nothing behind', async () => {
  const since = new Date()
  const one = await order(holding)
  gateway.intents = [taken(one)]
  const id = await begin(since)
  const decide = () => {
    throw new TypeError('a bug of ours')
  }
  options = { ...options, participant: { ...uncalled, decide } }
  await toTheEnd()
  expect(await findRun(db, id)).toMatchObject({ state: 'finished', reported: 1 })
  expect(await findingsOf(db, id, 1)).toMatchObject([
    { kind: 'state_differs', orderId: one.orderId, evidence: { error: 'a bug of ours' } },
  ])
  expect(await one.payment()).toMatchObject({ status: 'authorised' })
})

describe('replicas', () => {
  test('share a run: each page is compared once', async () => {
    const since = new Date()
    const orders = await many(20)
    gateway.intents = orders.map((each) => taken(each))
    const id = await begin(since)
    const other = database.open<PaymentDatabase>('payment_service', 4)
    const runners = [options, { ...options, db: other }].map((each) => reconciliationRunner(each, 0))
    for (const runner of runners) runner.start()
    const ended = async () => (await findRun(db, id))?.state === 'finished'
    await vi.waitUntil(
      async () => {
        for (const runner of runners) runner.wake()
        return await ended()
      },
      { timeout: limitMs(20_000), interval: 20 },
    )
    await Promise.all(runners.map((runner) => runner.stop({ timeoutMs: limitMs(1_000) })))
    expect(gateway.pages).toHaveLength(10)
    expect(new Set(gateway.pages).size).toBe(10)
    expect(gateway.lookedUp).toHaveLength(20)
    expect(await findRun(db, id)).toMatchObject({ intentsSeen: 20, repaired: 20, reported: 0 })
  })

  test('begin one at a time, and take a page one at a time', async () => {
    const begun = await Promise.all([begin(new Date()), begin(new Date()), begin(new Date())])
    expect(begun.filter((id) => id !== '')).toHaveLength(1)
    const taken = await Promise.all([takeRun(db, 10_000), takeRun(db, 10_000), takeRun(db, 10_000)])
    expect(taken.filter((run) => run !== undefined)).toHaveLength(1)
  })

  test('take turns with one that an operator has begun: it displaces none of the schedule, nor the other way round', async () => {
    const scheduled = { by: bySchedule, since: new Date(0), until: new Date() }
    const [own, other, again] = [await begin(new Date()), await beginRun(db, scheduled), await beginRun(db, scheduled)]
    expect([own, again]).toEqual([expect.stringMatching(/./), undefined])
    const runs = [await takeRun(db, 10_000), await takeRun(db, 10_000), await takeRun(db, 10_000)]
    expect(runs.map((run) => run?.id)).toEqual([own, other, undefined])
    const page = { stage: 'intents', cursor: 'pi', isLast: false, intentsSeen: 0, counts: none } as const
    for (const run of [runs[1], runs[0]]) {
      if (run !== undefined) await db.transaction().execute((trx) => endPage(trx, run, page))
    }
    expect([(await takeRun(db, 10_000))?.id, (await takeRun(db, 10_000))?.id]).toEqual([other, own])
  })
})

test('on schedule one begins so long after the last one, or after the start of the process, and with 0 never', async () => {
  const hourMs = 3_600_000
  const empty = await freshDatabase(inject('postgresUrl'))
  const fresh = empty.open<PaymentDatabase>('payment_service', 2)
  const upSince = new Date()
  expect(await isRunDue(fresh, { everyMs: hourMs, upSince })).toBe(false)
  expect(await isRunDue(fresh, { everyMs: hourMs, upSince: new Date(Date.now() - hourMs) })).toBe(true)
  await beginRun(fresh, { by: 'ada', since: new Date(0), until: new Date() })
  expect(await isRunDue(fresh, { everyMs: hourMs, upSince: new Date(0) })).toBe(true)
  await beginRun(fresh, { by: bySchedule, since: new Date(0), until: new Date() })
  expect(await isRunDue(fresh, { everyMs: hourMs, upSince: new Date(0) })).toBe(false)
  expect(await isRunDue(fresh, { everyMs: 0, upSince })).toBe(true)
  await empty[Symbol.asyncDispose]()

  const earlier = (await latestRuns(db, 100)).length
  for (const everyMs of [0, 1]) {
    const runner = reconciliationRunner(options, everyMs)
    runner.start()
    const begun = async () => (await latestRuns(db, 100)).length > earlier
    if (everyMs > 0) await vi.waitUntil(begun, { timeout: limitMs(10_000), interval: 20 })
    await runner.stop({ timeoutMs: limitMs(5_000) })
    expect(await begun()).toBe(everyMs > 0)
  }
  expect((await latestRuns(db, 1))[0]).toMatchObject({ by: bySchedule })
})
