import type { Context, Hono } from 'hono'
import { errors, RequestRefused } from '../engine/errors.ts'
import type { Gateway, Happened } from '../engine/gateway.ts'
import type { Intent, Refund } from '../engine/state.ts'
import type { GatewayEnv } from '../faults/misbehaviour.ts'
import { known, type Page, pageOf, wasCreated } from './lists.ts'
import * as params from './requests.ts'
import { intentResource, refundResource } from './resources.ts'
import { candidates, clausesOf, fitsAll } from './search.ts'

/** How many endpoints still wait for an event. */
export type PendingWebhooks = (event: Happened) => 0 | 1

const queryOf = (c: Context) => new URL(c.req.url).search.slice(1)
const list = <T>(url: string, page: { data: readonly T[]; hasMore: boolean }): Page<T> => ({
  object: 'list',
  url,
  has_more: page.hasMore,
  data: page.data,
})

/** All that only looks. It shows what is on disk, for a crash must not take back what somebody has seen. */
export function readRoutes(v1: Hono<GatewayEnv>, gateway: Gateway, pending: PendingWebhooks): void {
  v1.get('/payment_intents', async (c) => {
    const { limit, created, starting_after, expand } = params.readParams(params.intentListParams, queryOf(c))
    await gateway.settled()
    const from = known(gateway.books.intents.newestFirst(starting_after), 'payment_intent', starting_after)
    const { page, hasMore } = pageOf(from, { limit, fits: (intent) => wasCreated(created, intent.created) })
    const wanted = expand.map(() => 'latest_charge')
    const data = page.map((intent) => intentResource(gateway.intent(intent.id) ?? intent, wanted))
    return c.json(list('/v1/payment_intents', { data, hasMore }))
  })
  searchRoute(v1, gateway)
  v1.get('/payment_intents/:id', async (c) => {
    const { expand } = params.readParams(params.retrieveParams, queryOf(c))
    await gateway.settled()
    const intent = gateway.intent(c.req.param('id'))
    if (intent === undefined) throw new RequestRefused(errors.noSuchIntent(c.req.param('id')))
    return c.json(intentResource(intent, expand))
  })
  v1.get('/refunds', async (c) => {
    const { limit, created, payment_intent, starting_after, expand } = params.readParams(
      params.refundListParams,
      queryOf(c),
    )
    await gateway.settled()
    const from = known(refundsBehind(gateway, payment_intent, starting_after), 'refund', starting_after)
    const { page, hasMore } = pageOf(from, { limit, fits: (refund) => wasCreated(created, refund.created) })
    const data = page.map((refund) => refundResource(refund, gateway.intent(refund.intentId), expand))
    return c.json(list('/v1/refunds', { data, hasMore }))
  })
  v1.get('/refunds/:id', async (c) => {
    const { expand } = params.readParams(params.refundRetrieveParams, queryOf(c))
    await gateway.settled()
    const refund = gateway.books.refunds.get(c.req.param('id'))
    if (refund === undefined) throw new RequestRefused(errors.noSuchRefund(c.req.param('id')))
    return c.json(refundResource(refund, gateway.intent(refund.intentId), expand))
  })
  eventRoutes(v1, gateway, pending)
}

/** Unlike Stripe's, it finds what was made a moment ago. */
function searchRoute(v1: Hono<GatewayEnv>, gateway: Gateway): void {
  v1.get('/payment_intents/search', async (c) => {
    const { query, limit, page: after, expand } = params.readParams(params.intentSearchParams, queryOf(c))
    const clauses = clausesOf(query)
    await gateway.settled()
    const current = (intent: Intent) => gateway.intent(intent.id) ?? intent
    const from = candidates(gateway.books, clauses, after)
    const { page, hasMore } = pageOf(from, { limit, fits: (intent) => fitsAll(current(intent), clauses) })
    const wanted = expand.map(() => 'latest_charge')
    return c.json({
      object: 'search_result',
      url: '/v1/payment_intents/search',
      has_more: hasMore,
      next_page: hasMore ? (page.at(-1)?.id ?? null) : null,
      data: page.map((intent) => intentResource(current(intent), wanted)),
    })
  })
}

function eventRoutes(v1: Hono<GatewayEnv>, gateway: Gateway, pending: PendingWebhooks): void {
  v1.get('/events', async (c) => {
    const wanted = params.readParams(params.eventListParams, queryOf(c))
    const { limit, created, starting_after, type, types, delivery_success: delivered } = wanted
    const fits = (event: Happened) =>
      wasCreated(created, event.created) &&
      (type === undefined || type === event.type) &&
      (types === undefined || types.includes(event.type)) &&
      (delivered === undefined || delivered === (pending(event) === 0))
    const from = known(gateway.events.newestFirst(starting_after), 'event', starting_after)
    const { page, hasMore } = pageOf(from, { limit, fits })
    const data = await Promise.all(page.map((event) => gateway.read(event, pending(event))))
    return c.json(list('/v1/events', { data, hasMore }))
  })
  v1.get('/events/:id', async (c) => {
    params.readParams(params.eventRetrieveParams, queryOf(c))
    const event = gateway.events.get(c.req.param('id'))
    if (event === undefined) throw new RequestRefused(errors.noSuchEvent(c.req.param('id')))
    return c.json(await gateway.read(event, pending(event)))
  })
}

/** Newest first. Those of one intent are few, and looked for among themselves. */
function refundsBehind({ books }: Gateway, intentId?: string, startingAfter?: string): Iterable<Refund> | undefined {
  if (intentId === undefined) return books.refunds.newestFirst(startingAfter)
  const newestFirst = books.refundsOf(intentId).toReversed()
  if (startingAfter === undefined) return newestFirst
  const place = newestFirst.findIndex(({ id }) => id === startingAfter)
  return place < 0 ? undefined : newestFirst.slice(place + 1)
}
