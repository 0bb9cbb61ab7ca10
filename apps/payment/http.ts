import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import { authenticate, failure, type HttpApp, type HttpEnv, json, type Keyring, problem, sendJson } from '#runtime'
import { paymentBody, represent } from './representation.ts'
import { findPayment, historyOf } from './store.ts'
import type { PaymentDatabase } from './tables.ts'

export interface PaymentHttpOptions {
  readonly db: Kysely<PaymentDatabase>
  readonly apiKeys: Keyring
}

/** What merchants may see of their payments. Orders are what they command. */
export function paymentRoutes({ db, apiKeys }: PaymentHttpOptions): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>()
  app.use('/payments/*', authenticate(apiKeys))
  app.openapi(getRoute, async (c) => {
    const { orderId } = c.req.valid('param')
    const found = await findPayment(db, { merchantId: c.get('merchantId'), orderId })
    if (found === undefined) throw paymentNotFound()
    return sendJson(c, represent(found, await historyOf(db, orderId)), { status: 200 })
  })
  return app
}

const paymentNotFound = () =>
  problem({
    status: 404,
    code: 'payment_not_found',
    title: 'There is no such payment',
    detail: 'A payment appears when its order has reached the payment service.',
  })

const getRoute = createRoute({
  method: 'get',
  path: '/payments/{orderId}',
  summary: "An order's payment and everything that happened to it",
  request: { params: z.object({ orderId: z.uuid().toLowerCase() }) },
  responses: {
    200: json(paymentBody, 'The payment'),
    400: failure('The order id is not a UUID'),
    401: failure('No valid API key'),
    404: failure('There is no such payment, or not yet'),
    503: failure('Not available now: send the same request again, after `Retry-After` seconds'),
  },
})
