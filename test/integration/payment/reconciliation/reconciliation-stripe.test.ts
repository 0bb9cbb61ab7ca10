import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { createLogger, createMetrics } from '#runtime'
import { type StripeOptions, stripeClient } from '../../../../apps/payment/gateway/stripe/stripe-client.ts'
import { stripeGateway } from '../../../../apps/payment/gateway/stripe/stripe-gateway.ts'
import { stripeList } from '../../../../apps/payment/gateway/stripe/stripe-list.ts'
import { stripeLookUps } from '../../../../apps/payment/gateway/stripe/stripe-look-ups.ts'
import { reconcileOnce } from '../../../../apps/payment/reconciliation/reconciliation.ts'
import { beginRun } from '../../../../apps/payment/reconciliation/reconciliation-store.ts'
import { findingsOf, findRun } from '../../../../apps/payment/reconciliation/reconciliation-views.ts'
import type { PaymentDatabase } from '../../../../apps/payment/tables.ts'
import { startSimulator } from '../../../support/gateway/simulator.ts'
import {
  failure,
  intent,
  list,
  refund,
  type StripeStub,
  type StubAnswer,
  type StubRequest,
  stripeStub,
} from '../../../support/gateway/stripe-stub.ts'
import { effectCall } from '../../../support/payment/effect-call.ts'
import { merchantId, payingOrder, uncalled } from '../../../support/payment/paying-order.ts'
import { freshDatabase, type TestDatabase } from '../../../support/system/database.ts'

const log = createLogger({ service: 'test', level: 'silent' })
let database: TestDatabase
let db: Kysely<PaymentDatabase>
let stub: StripeStub | undefined
beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  db = database.open<PaymentDatabase>('payment_service')
})
afterEach(async () => {
  await stub?.[Symbol.asyncDispose]()
  stub = undefined
})
afterAll(() => database[Symbol.asyncDispose]())

/** All of it, with what the adapter asks of a gateway over HTTP. */
async function reconcile(stripe: StripeOptions, since: Date) {
  const id = (await beginRun(db, { by: 'ada', since, until: new Date(Date.now() + 60_000) })) ?? ''
  const metrics = createMetrics(log)
  const options = { db, participant: uncalled, list: stripeList(stripe), lookUps: stripeLookUps(stripe), log, metrics }
  while (await reconcileOnce({ ...options, lookUpMs: 5_000 }));
  return { run: await findRun(db, id), findings: await findingsOf(db, id, 10) }
}

type Intent = ReturnType<typeof intent>

/** Three to a page. */
const pageMax = 3
const serving =
  (intents: readonly Intent[], refunds: ReadonlyMap<string, object>) =>
  ({ line, body }: StubRequest): StubAnswer => {
    if (line === 'GET /v1/payment_intents') {
      const from = intents.findIndex(({ id }) => id === body.get('starting_after')) + 1
      const page = list(...intents.slice(from, from + pageMax))
      return { body: { ...page, has_more: from + pageMax < intents.length } }
    }
    if (line === 'GET /v1/refunds') {
      const made = refunds.get(body.get('payment_intent') ?? '')
      return { body: list(...(made === undefined ? [] : [made])) }
    }
    const known = intents.find(({ id }) => line === `GET /v1/payment_intents/${id}`)
    return known === undefined ? { status: 404, body: failure('invalid_request_error') } : { body: known }
  }

test('over HTTP: what Stripe has is paged through, what differs is looked up, learned once, and then both agree', async () => {
  const since = new Date()
  const order = (said: Parameters<typeof payingOrder>[1]) => payingOrder(db, said, `pi_${randomUUID()}`)
  const holding = ['OrderPlaced', 'Held'] as const
  const paid = [...holding, 'OrderConfirmed', 'Captured'] as const
  const [same, returned, expired, ghost] = [
    await order(paid),
    await order(paid),
    await order(holding),
    await order(paid),
  ]
  const of = ({ orderId, paymentId }: typeof same, status: string, more: object = {}) =>
    intent(paymentId, status, { metadata: { orderId }, latest_charge: charge(0), ...more })
  const charge = (amount: number) => ({ object: 'charge', id: 'ch_1', amount_refunded: amount })
  const intents = [
    of(expired, 'canceled', { cancellation_reason: 'automatic' }),
    of(returned, 'succeeded', { latest_charge: charge(500) }),
    intent('pi_other', 'succeeded'),
    of(same, 'succeeded'),
  ]
  stub = await stripeStub(serving(intents, new Map([[returned.paymentId, refund('re_1', 'succeeded')]])))
  const stripe = { url: stub.url, apiKey: 'sk_test', requestTimeoutMs: 5_000 }

  const first = await reconcile(stripe, since)
  expect(first.run).toMatchObject({
    state: 'finished',
    pages: 3,
    intentsSeen: 4,
    matched: 1,
    repaired: 2,
    reported: 1,
    notOurs: 1,
  })
  expect(first.findings).toMatchObject([{ kind: 'extra_here', orderId: ghost.orderId }])
  expect(await returned.payment()).toMatchObject({ status: 'partially_refunded', refunds: [{ cause: 'external' }] })
  expect(await expired.payment()).toMatchObject({ status: 'expired' })

  const second = await reconcile(stripe, since)
  expect(second.run).toMatchObject({ state: 'finished', matched: 3, repaired: 0, reported: 1 })
  expect(second.findings.map(({ id }) => id)).toEqual(first.findings.map(({ id }) => id))
})

test('with the simulator: more than a page, a capture that was never heard of and a refund by hand', async () => {
  await using simulator = await startSimulator()
  const stripe = { url: simulator.url, apiKey: simulator.apiKey, requestTimeoutMs: 10_000 }
  const [gateway, sdk] = [stripeGateway(stripe), stripeClient(stripe)]
  const since = new Date()
  const eur = { amountMinor: 1_200n, currency: 'EUR' } as const
  const held = async () => {
    const order = await payingOrder(db, ['OrderPlaced'])
    const { orderId } = order
    const hold = { type: 'Authorise', orderId, merchantId, ...eur, paymentMethod: 'pm_card_visa' } as const
    const word = await gateway.authorise(hold, effectCall({ idempotencyKey: `${orderId}/authorise` }))
    await order.tell(word)
    return { ...order, paymentId: word.type === 'Held' ? word.paymentId : '' }
  }
  const [same, behind, returned] = [await held(), await held(), await held()]
  for (const { paymentId } of [behind, returned]) await sdk.paymentIntents.capture(paymentId)
  await returned.tell({ type: 'Captured', paymentId: returned.paymentId, ...eur })
  await sdk.refunds.create({ payment_intent: returned.paymentId, amount: 200 })
  const ofOthers = Array.from({ length: 100 }, () => sdk.paymentIntents.create({ amount: 100, currency: 'eur' }))
  await Promise.all(ofOthers)

  const { run } = await reconcile(stripe, since)
  expect(run).toMatchObject({ state: 'finished', intentsSeen: 103, notOurs: 100, matched: 1, repaired: 2, reported: 0 })
  expect(await same.payment()).toMatchObject({ status: 'authorised' })
  expect(await behind.payment()).toMatchObject({ status: 'captured' })
  expect(await returned.payment()).toMatchObject({ status: 'partially_refunded', position: { refundedMinor: 200n } })
  const again = await reconcile(stripe, since)
  expect(again.run).toMatchObject({ matched: 3, repaired: 0, reported: 0 })
})
