import { type Context, Hono } from 'hono'
import { csrf } from 'hono/csrf'
import type { HttpEnv } from '#runtime'
import type { Gateway } from '../engine/gateway.ts'
import type { Faults } from '../faults/faults.ts'
import { chargesOf, summaryOf } from '../inspection/charges.ts'
import { pageOf } from '../stripe-api/lists.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import { faultOf } from './fault-form.ts'
import { page, type ShownEvent } from './page.ts'
import { pagePolicy } from './page-style.ts'

export interface PageOptions {
  readonly gateway: Gateway
  readonly faults: Faults
  readonly webhooks: Webhooks
  readonly webhookUrl: string | undefined
}

const ordersShown = 50
const refundsShown = 20
const eventsShown = 20

/** A page for people at `/simulator`. Its forms come from itself alone, or any site could have a browser set a fault. */
export function pageRoutes(options: PageOptions): Hono<HttpEnv> {
  const { faults } = options
  const app = new Hono<HttpEnv>()
  app.get('/simulator', async (c) => show(c, options))
  app.post('/simulator/faults', csrf(), async (c) => {
    const wanted = faultOf(new URLSearchParams(await c.req.text()))
    if ('wrong' in wanted) return show(c, options, wanted.wrong)
    faults.add(wanted)
    return c.redirect('/simulator', 303)
  })
  app.post('/simulator/faults/clear', csrf(), (c) => {
    faults.replace([])
    return c.redirect('/simulator', 303)
  })
  return app
}

async function show(c: Context<HttpEnv>, options: PageOptions, wrong?: string): Promise<Response> {
  const { gateway, faults, webhooks, webhookUrl } = options
  await gateway.settled()
  const { books, events } = gateway
  const orderId = c.req.query('orderId')?.trim() ?? ''
  const newest = <T>(things: Iterable<T> | undefined, limit: number) => pageOf(things ?? [], { limit }).page
  const found = orderId === '' ? newest(books.orders.newestFirst(), ordersShown) : [books.orders.get(orderId) ?? []]
  const shown = {
    summary: summaryOf(gateway),
    orders: found.filter((ids) => ids.length > 0).map((ids) => chargesOf(gateway, ids)),
    ordersInAll: books.orders.size,
    orderId,
    refunds: newest(books.refunds.newestFirst(), refundsShown),
    faults: faults.list(),
    webhooks: { url: webhookUrl, counts: webhooks.counts },
    events: await Promise.all(
      newest(events.newestFirst(), eventsShown).map(async (event): Promise<ShownEvent> => {
        const { data } = await gateway.read(event, 0)
        return { ...event, about: data.object.id, standing: webhooks.standing(event) }
      }),
    ),
    wrong,
  }
  return c.html(page(shown), wrong === undefined ? 200 : 400, {
    'content-security-policy': pagePolicy,
    // So that a browser says to this page's own forms where they come from.
    'referrer-policy': 'same-origin',
  })
}
