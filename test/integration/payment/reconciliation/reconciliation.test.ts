import { randomUUID, randomUUIDv7 } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { createLogger, createMetrics } from '#runtime'
import { reconcileOnce } from '../../../../apps/payment/reconciliation/reconciliation.ts'
import type { ReconciliationOptions } from '../../../../apps/payment/reconciliation/reconciliation-options.ts'
import { beginRun } from '../../../../apps/payment/reconciliation/reconciliation-store.ts'
import { findingsOf, findRun } from '../../../../apps/payment/reconciliation/reconciliation-views.ts'
import { settleMs } from '../../../../apps/payment/reconciliation/reconciliation-window.ts'
import type { PaymentDatabase } from '../../../../apps/payment/tables.ts'
import {
  eur,
  heldAtGateway as held,
  type ListingGateway,
  listingGateway,
  takenAtGateway as taken,
} from '../../../support/gateway/listing-gateway.ts'
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
beforeEach(() => {
  gateway = listingGateway()
  const { list, lookUps } = gateway
  options = { db, participant: uncalled, list, lookUps, log, metrics: createMetrics(log), lookUpMs: 1_000 }
})
afterAll(() => database[Symbol.asyncDispose]())

async function reconcile(since: Date) {
  const id = (await beginRun(db, { by: 'ada', since, until: new Date(Date.now() + 60_000) })) ?? ''
  while (await reconcileOnce(options));
  const { state, intentsSeen, matched, repaired, reported, leftOpen, notOurs } = (await findRun(db, id)) ?? {}
  const findings = (await findingsOf(db, id, 100)).filter(({ settledAt }) => settledAt === null)
  return { state, counts: { intentsSeen, matched, repaired, reported, leftOpen, notOurs }, findings }
}

const newIntent = (): string => `pi_${randomUUID()}`
const holding = ['OrderPlaced', 'Held'] as const
const capturing = [...holding, 'OrderConfirmed'] as const
const paid = [...capturing, 'Captured'] as const
const order = (said: Parameters<typeof payingOrder>[1]) => payingOrder(db, said, newIntent())
const none = { intentsSeen: 0, matched: 0, repaired: 0, reported: 0, leftOpen: 0, notOurs: 0 }

describe('where both sides agree', () => {
  test('page after page is compared, nothing is looked up and nothing changes', async () => {
    const since = new Date()
    const orders = [await order(paid), await order(paid), await order(paid), await order(holding), await order(paid)]
    gateway.intents = orders.map((each, index) => (index === 3 ? held(each) : taken(each))).toReversed()
    gateway.intents.unshift(taken({ orderId: 'a shop of somebody else', paymentId: newIntent() }))
    const before = await Promise.all(orders.map((each) => each.payment()))
    expect(await reconcile(since)).toMatchObject({
      state: 'finished',
      counts: { ...none, intentsSeen: 6, matched: 5, notOurs: 1 },
      findings: [],
    })
    expect(gateway.pages).toEqual([null, gateway.intents[1]?.paymentId, gateway.intents[3]?.paymentId])
    expect(gateway.lookedUp).toEqual([])
    expect(await Promise.all(orders.map((each) => each.payment()))).toEqual(before)
  })

  test('what is under way, or was asked for a moment ago, is left for the next run', async () => {
    const since = new Date()
    const [running, unknown, gone] = [await order(capturing), await order(capturing), await order(capturing)]
    await unknown.tell({ type: 'OutcomeUnknown', operation: 'capture' })
    // The one that is not in the list is left as well: its call may say why.
    gateway.intents = [taken(running), taken(unknown)]
    expect((await reconcile(since)).counts).toEqual({ ...none, intentsSeen: 2, leftOpen: 3 })
    expect(await gone.payment()).toMatchObject({ operation: { is: 'running' } })
    expect(await running.calls()).toEqual(['Capture'])
  })
})

describe('where they differ', () => {
  test('a capture that nobody told us of is booked once, and its call is not made', async () => {
    const since = new Date()
    const lost = await order(capturing)
    await lost.tell({ type: 'OutcomeUnknown', operation: 'capture' })
    const long = new Date(Date.now() - 2 * settleMs).toISOString()
    await sql`update payments set state = jsonb_set(state, '{operation,since}', to_jsonb(${long}::text))
              where id = ${lost.orderId}`.execute(db)
    const expired = await order(holding)
    const gone = { type: 'Gone', paymentId: expired.paymentId, because: 'expired' } as const
    gateway.intents = [taken(lost), { ...held(expired), status: 'canceled', fact: gone }]
    expect((await reconcile(since)).counts).toEqual({ ...none, intentsSeen: 2, repaired: 2 })
    expect(await lost.payment()).toMatchObject({ status: 'captured', condition: 'ok' })
    expect(await lost.calls()).toEqual([])
    expect((await lost.events()).at(-1)).toBe('PaymentCaptured')
    expect(await expired.payment()).toMatchObject({ status: 'expired' })
    const before = await lost.events()
    expect((await reconcile(since)).counts).toEqual({ ...none, intentsSeen: 2, matched: 2 })
    expect(await lost.events()).toEqual(before)
  })

  test('a charge that we do not know of is booked, and goes back where nobody wants it', async () => {
    const since = new Date()
    const declined = await order(['OrderPlaced', { type: 'Refused', operation: 'authorise', code: 'card_declined' }])
    gateway.intents = [taken(declined)]
    expect((await reconcile(since)).counts).toMatchObject({ repaired: 1, reported: 0 })
    expect(await declined.calls()).toEqual(['Refund'])
  })

  test('a refund of somebody else, and one that failed later, are learned', async () => {
    const since = new Date()
    const one = await order(paid)
    gateway.intents = [taken(one, { refunds: [{ type: 'RefundSucceeded', refundId: 're_1', amountMinor: 200n }] })]
    expect((await reconcile(since)).counts).toMatchObject({ repaired: 1 })
    expect(await one.payment()).toMatchObject({ status: 'partially_refunded' })
    gateway.intents = [
      taken(one, { refunds: [{ type: 'RefundFailed', refundId: 're_1', code: 'lost_or_stolen_card' }] }),
    ]
    expect((await reconcile(since)).counts).toMatchObject({ repaired: 1 })
    expect((await reconcile(since)).counts).toMatchObject({ repaired: 0, matched: 1 })
    expect(await one.payment()).toMatchObject({ status: 'captured', refunds: [{ status: 'reversed' }] })
  })

  test('an order that nobody here knows, and a second charge for one, are put before a person', async () => {
    const since = new Date()
    const one = await order(paid)
    const unknown = { orderId: randomUUIDv7(), paymentId: newIntent() }
    const second = { orderId: one.orderId, paymentId: newIntent() }
    gateway.intents = [taken(unknown), taken(second), taken(one)]
    const before = await one.payment()
    const { counts, findings } = await reconcile(since)
    expect(counts).toEqual({ ...none, intentsSeen: 3, matched: 1, reported: 2 })
    expect(findings).toMatchObject([
      { kind: 'missing_here', ...unknown, evidence: { outcome: 'unknown_order', gateway: { status: 'succeeded' } } },
      { kind: 'missing_here', ...second, evidence: { outcome: 'alarm', payment: { status: 'captured' } } },
    ])
    expect(await one.payment()).toEqual(before)
  })

  test('another amount or currency is booked by nobody, and stands until both agree', async () => {
    const since = new Date()
    const [less, dollars, returned] = [await order(paid), await order(holding), await order(paid)]
    const refund = { type: 'RefundSucceeded', refundId: 're_1', amountMinor: 1_300n } as const
    const fact = { type: 'Captured', paymentId: less.paymentId, ...eur, amountMinor: 900n } as const
    gateway.intents = [
      taken(less, { fact }),
      held(dollars, { currency: 'USD' }),
      taken(returned, { refunds: [refund] }),
    ]
    const first = await reconcile(since)
    expect(first.counts).toMatchObject({ reported: 3, repaired: 0 })
    expect(first.findings.map(({ kind }) => kind)).toEqual(['amount_differs', 'amount_differs', 'amount_differs'])
    expect(await less.payment()).toMatchObject({ condition: 'review', review: { reason: 'amount_differs' } })
    expect(await less.calls()).toEqual([])
    const said = await less.events()

    const second = await reconcile(since)
    expect(second.counts).toMatchObject({ reported: 3, repaired: 0 })
    expect(second.findings.map(({ id }) => id)).toEqual(first.findings.map(({ id }) => id))
    expect(await less.events()).toEqual(said)

    const truth = { type: 'Captured', paymentId: less.paymentId, ...eur, amountMinor: 900n } as const
    await less.tell({ type: 'ResolveReview', fact: truth, by: 'ada' })
    gateway.intents[1] = held(dollars)
    const third = await reconcile(since)
    expect(third.counts).toMatchObject({ matched: 2, reported: 1 })
    expect(third.findings.map(({ paymentId }) => paymentId)).toEqual([returned.paymentId])
  })

  test('a hold on an intent that we say is gone is late for decide, and reported', async () => {
    const since = new Date()
    const one = await order(holding)
    await one.tell({ type: 'Gone', paymentId: one.paymentId, because: 'cancelled' })
    gateway.intents = [held(one)]
    const { counts, findings } = await reconcile(since)
    expect(counts).toMatchObject({ reported: 1 })
    expect(findings).toMatchObject([{ kind: 'state_differs', evidence: { outcome: 'known' } }])
  })

  test('an intent of ours that says no more whose it is does not pass for somebody else’s', async () => {
    const since = new Date()
    const one = await order(paid)
    gateway.intents = [{ ...taken(one), orderId: undefined }]
    const { counts, findings } = await reconcile(since)
    expect(counts).toEqual({ ...none, intentsSeen: 1, notOurs: 1, reported: 1 })
    expect(findings).toMatchObject([{ kind: 'extra_here', orderId: one.orderId, paymentId: one.paymentId }])
  })

  test('a payment that moves while it is looked up is left for the next run: what was found may be older', async () => {
    const since = new Date()
    const one = await order(paid)
    const refund = (refundId: string) => ({ type: 'RefundSucceeded', refundId, amountMinor: 200n }) as const
    gateway.intents = [taken(one, { refunds: [refund('re_1')] })]
    const moving = async (paymentId: string) => {
      const found = await gateway.lookUps.lookUp(paymentId)
      for (const refundId of ['re_1', 're_2']) await one.tell(refund(refundId))
      return found
    }
    options = { ...options, lookUps: { ...gateway.lookUps, lookUp: moving } }
    expect(await reconcile(since)).toMatchObject({ counts: { ...none, intentsSeen: 1, leftOpen: 1 }, findings: [] })
    expect(await one.payment()).toMatchObject({ position: { refundedMinor: 400n }, review: null })
  })

  test('books that lack what the payment and the gateway agree on are put before a person, until they have it', async () => {
    const since = new Date()
    const [one, other] = [await order(paid), await order(paid)]
    gateway.intents = [taken(one), taken(other)]
    const capture = sql`from payment_service.ledger_transfers where order_id = ${one.orderId} and kind = 'capture'`
    const admin = database.open<PaymentDatabase>('postgres', 1)
    await sql`create table kept as select * ${capture}`.execute(admin)
    await sql`delete ${capture}`.execute(admin)
    const { counts, findings } = await reconcile(since)
    expect(counts).toEqual({ ...none, intentsSeen: 2, matched: 1, reported: 1 })
    expect(findings).toMatchObject([
      { kind: 'ledger_differs', orderId: one.orderId, evidence: { ledger: { clearingMinor: 0n } } },
    ])
    await sql`insert into payment_service.ledger_transfers select * from kept`.execute(admin)
    expect(await reconcile(since)).toMatchObject({ counts: { ...none, intentsSeen: 2, matched: 2 }, findings: [] })
  })

  test('money that we say we have, and the gateway does not, is looked up once more and reported', async () => {
    const since = new Date()
    const [ghost, early] = [await order(paid), await order(holding)]
    const ofAnother = await order(paid)
    const stranger = taken({ orderId: randomUUIDv7(), paymentId: ofAnother.paymentId })
    // Made before `since`, so that the list has it not, but there all the same.
    options = { ...options, list: { page: () => Promise.resolve({ intents: [], hasMore: false }) } }
    gateway.intents = [held(early), stranger]
    const { counts, findings } = await reconcile(since)
    expect(counts).toEqual({ ...none, matched: 1, reported: 2 })
    // By the order's id.
    expect(gateway.lookedUp).toEqual([ghost, early, ofAnother].map(({ paymentId }) => paymentId))
    expect(findings).toMatchObject([
      { kind: 'extra_here', orderId: ghost.orderId, evidence: { payment: { status: 'captured' } } },
      { kind: 'extra_here', orderId: ofAnother.orderId, evidence: { gateway: { orderId: stranger.orderId } } },
    ])
    expect(await ghost.payment()).toMatchObject({ status: 'captured', condition: 'ok' })
  })
})
