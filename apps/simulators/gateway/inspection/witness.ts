import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type HttpEnv, json, sendJson } from '#runtime'
import type { Gateway } from '../engine/gateway.ts'
import { charges, chargesOf, summaryOf } from './charges.ts'
import { currencySummary } from './summary.ts'

/**
 * What really happened, by the record and by nobody's opinion: tests and reconciliation read it beside Stripe's API.
 * Amounts are minor units.
 */
export function witnessRoutes(gateway: Gateway): OpenAPIHono<HttpEnv> {
  const app = new OpenAPIHono<HttpEnv>()

  app.openapi(chargesRoute, async (c) => {
    const { orderId, limit, cursor } = c.req.valid('query')
    await gateway.settled()
    const { orders } = gateway.books
    if (orderId !== undefined) {
      const known = orders.get(orderId)
      return sendJson(
        c,
        { orders: known === undefined ? [] : [chargesOf(gateway, known)], nextCursor: null },
        { status: 200 },
      )
    }
    const page = [...orders.values()].slice(cursor, cursor + limit)
    const next = cursor + limit
    const nextCursor = next < orders.size ? next : null
    return sendJson(c, { orders: page.map((ids) => chargesOf(gateway, ids)), nextCursor }, { status: 200 })
  })

  app.openapi(summaryRoute, async (c) => {
    await gateway.settled()
    return sendJson(c, { currencies: summaryOf(gateway) }, { status: 200 })
  })
  return app
}

const chargesRoute = createRoute({
  method: 'get',
  path: '/simulator/charges',
  summary: 'How often each order was really authorised, captured and refunded',
  request: {
    query: z.object({
      orderId: z.string().optional(),
      limit: z.coerce.number().pipe(z.int().min(1).max(1_000)).default(100),
      cursor: z.coerce.number().pipe(z.int().min(0)).default(0),
    }),
  },
  responses: {
    200: json(
      z.object({ orders: z.array(charges), nextCursor: z.int().nullable() }),
      'By order, oldest first; an intent without metadata.orderId stands alone',
    ),
  },
})

const summaryRoute = createRoute({
  method: 'get',
  path: '/simulator/summary',
  summary: 'Totals by currency and state',
  responses: {
    200: json(z.object({ currencies: z.record(z.string(), currencySummary) }), 'All there is'),
  },
})
