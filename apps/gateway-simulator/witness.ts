import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type HttpEnv, json, problem, sendJson } from '#runtime'
import type { Gateway } from './gateway.ts'
import { chargeOf } from './state.ts'
import { currencySummary, summarise, tally } from './summary.ts'

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
    return sendJson(
      c,
      { currencies: summarise(Array.from(gateway.books.intents.values(), ({ id }) => gateway.intent(id))) },
      { status: 200 },
    )
  })
  return app
}

const charges = z.object({
  orderId: z.string().nullable(),
  currency: z.string(),
  /** How often a hold was really placed, money taken, money given back, a hold let go; and how much in all. A refund
   * that is pending or has failed gave nothing back. */
  authorised: tally,
  captured: tally,
  refunded: tally,
  voided: tally,
  netMinor: z.int(),
  intents: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      amountMinor: z.int(),
      capturedMinor: z.int(),
      refunds: z.array(
        z.object({
          id: z.string(),
          status: z.string(),
          amountMinor: z.int(),
          metadata: z.record(z.string(), z.string()),
        }),
      ),
    }),
  ),
})

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

function chargesOf(gateway: Gateway, ids: readonly string[]): z.infer<typeof charges> {
  const intents = ids.flatMap((id) => gateway.intent(id) ?? [])
  const [first] = intents
  if (first === undefined) throw problem({ status: 500, code: 'empty_order', title: 'An order without an intent' })
  const held = intents.flatMap((intent) => chargeOf(intent) ?? [])
  const released = intents.flatMap((intent) => (intent.status === 'canceled' ? (intent.charge ?? []) : []))
  const refunds = intents.flatMap((intent) => gateway.books.refundsOf(intent.id))
  const captured = total(held.map((charge) => charge.captured).filter((amount) => amount > 0))
  const refunded = total(refunds.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount))
  return {
    orderId: first.metadata['orderId'] ?? null,
    currency: first.currency,
    authorised: total(held.map((charge) => charge.authorised)),
    captured,
    refunded,
    voided: total(released.map((charge) => charge.authorised)),
    netMinor: captured.amountMinor - refunded.amountMinor,
    intents: intents.map((intent) => ({
      id: intent.id,
      status: intent.status,
      amountMinor: intent.amount,
      capturedMinor: chargeOf(intent)?.captured ?? 0,
      refunds: gateway.books
        .refundsOf(intent.id)
        .map(({ id, status, amount, metadata }) => ({ id, status, amountMinor: amount, metadata })),
    })),
  }
}

const total = (amounts: readonly number[]) => ({
  count: amounts.length,
  amountMinor: amounts.reduce((sum, amount) => sum + amount, 0),
})

const summaryRoute = createRoute({
  method: 'get',
  path: '/simulator/summary',
  summary: 'Totals by currency and state',
  responses: {
    200: json(z.object({ currencies: z.record(z.string(), currencySummary) }), 'All there is'),
  },
})
