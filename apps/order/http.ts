import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Kysely } from 'kysely'
import { authenticate, type HttpApp, type HttpEnv, type Keyring, sendJson, sendJsonText, traceparentOf } from '#runtime'
import { type Caller, type OrderCommands, orderNotFound } from './commands.ts'
import { type Answer, fingerprintOf } from './idempotency.ts'
import { refusalIn } from './refusals.ts'
import { etagOf, represent, representRefund } from './representation.ts'
import { cancelRoute, getRoute, listRefundsRoute, listRoute, placeRoute, refundRoute } from './routes.ts'
import { encodeCursor, type OrderBody, type RefundBody, totalOf } from './schemas.ts'
import { findOrder, listOrders, type VersionedOrder } from './store.ts'
import type { OrderDatabase } from './tables.ts'

export interface OrderHttpOptions {
  readonly db: Kysely<OrderDatabase>
  readonly commands: OrderCommands
  readonly apiKeys: Keyring
}

/** What merchants do with orders. Nothing here decides: it validates, hands over, and words the answer. */
export function orderRoutes({ db, commands, apiKeys }: OrderHttpOptions): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>()
  app.use('/orders/*', authenticate(apiKeys))
  takeCommands(app, commands)
  answerQueries(app, db)
  return app
}

function takeCommands(app: HttpApp, commands: OrderCommands): void {
  app.openapi(placeRoute, async (c) => {
    const { 'idempotency-key': key } = c.req.valid('header')
    const wanted = c.req.valid('json')
    const answer = accepted(
      await commands.place(callerOf(c, key, await c.req.json()), { ...wanted, totalMinor: totalOf(wanted.items) }),
    )
    return sendJsonText<OrderBody, 202>(c, answer.body, { status: 202, headers: answer.headers })
  })

  app.openapi(cancelRoute, async (c) => {
    const { 'idempotency-key': key } = c.req.valid('header')
    const answer = accepted(await commands.cancel(callerOf(c, key, undefined), c.req.valid('param').id))
    const { headers } = answer
    if (answer.status === 200) return sendJsonText<OrderBody, 200>(c, answer.body, { status: 200, headers })
    return sendJsonText<OrderBody, 202>(c, answer.body, { status: 202, headers })
  })

  app.openapi(refundRoute, async (c) => {
    const { 'idempotency-key': key } = c.req.valid('header')
    const { id } = c.req.valid('param')
    const answer = accepted(await commands.refund(callerOf(c, key, await c.req.json()), id, c.req.valid('json')))
    return sendJsonText<RefundBody, 202>(c, answer.body, { status: 202, headers: answer.headers })
  })
}

function answerQueries(app: HttpApp, db: Kysely<OrderDatabase>): void {
  app.openapi(getRoute, async (c) => {
    const found = await existing(db, c, c.req.valid('param').id)
    return sendJson(c, represent(found), { status: 200, headers: { etag: etagOf(found) } })
  })

  app.openapi(listRoute, async (c) => {
    const { status, limit, cursor } = c.req.valid('query')
    // One more than asked for tells whether there is another page.
    const merchantId = c.get('merchantId')
    const found = await listOrders(db, { merchantId, status, limit: limit + 1, before: cursor })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    const next = found.length > limit && last !== undefined ? { nextCursor: encodeCursor(last.order.orderId) } : {}
    return sendJson(c, { data: page.map(represent), ...next }, { status: 200 })
  })

  app.openapi(listRefundsRoute, async (c) => {
    const { order } = await existing(db, c, c.req.valid('param').id)
    return sendJson(c, { data: order.refunds.map(representRefund) }, { status: 200 })
  })
}

async function existing(db: Kysely<OrderDatabase>, c: Context<HttpEnv>, orderId: string): Promise<VersionedOrder> {
  const found = await findOrder(db, { merchantId: c.get('merchantId'), orderId })
  if (found === undefined) throw orderNotFound()
  return found
}

function callerOf<Key extends string | undefined>(c: Context<HttpEnv>, key: Key, body: unknown): Caller & { key: Key } {
  return {
    merchantId: c.get('merchantId'),
    key,
    fingerprint: fingerprintOf(c.req, body),
    cause: { id: c.get('requestId'), traceparent: traceparentOf(c.req) },
  }
}

/** A refusal was decided and committed like any answer; only now is it thrown. */
function accepted(answer: Answer): Answer {
  const refusal = refusalIn(answer)
  if (refusal !== undefined) throw refusal
  return answer
}
