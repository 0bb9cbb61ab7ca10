import { randomUUIDv7 } from 'node:crypto'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import { authenticateOperator, type HttpApp, type HttpEnv, type Keyring, sendJson, traceparentOf } from '#runtime'
import { represent, reviewsIn } from '../representation.ts'
import { paymentsInDoubt, type VersionedPayment } from '../store.ts'
import type { PaymentDatabase } from '../tables.ts'
import type { GatewaySays, Resolve } from './operator.ts'
import { type Doubt, type GatewayBody, listRoute, resolveRoute } from './operator-routes.ts'

export interface OperatorHttpOptions {
  readonly db: Kysely<PaymentDatabase>
  readonly resolve: Resolve
  readonly keys: Keyring
}

/** What operators see of payments that are in doubt, and how they say what is true. All of it needs an operator's key. */
export function operatorRoutes({ db, resolve, keys }: OperatorHttpOptions): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>()
  app.use('/ops/payments/*', authenticateOperator(keys))
  app.openapi(listRoute, async (c) => {
    const found = await paymentsInDoubt(db, c.req.valid('query'))
    return sendJson(c, { payments: found.map(inDoubt) }, { status: 200 })
  })
  app.openapi(resolveRoute, async (c) => {
    const { orderId } = c.req.valid('param')
    const asked = c.req.valid('json')
    // Not the request's id, which the client may choose: what is posted is known by it.
    const cause = { id: randomUUIDv7(), traceparent: traceparentOf(c.req) }
    const { gateway, said, ...after } = await resolve({ ...asked, orderId, by: c.get('operator'), cause })
    const { history: _, ...payment } = represent(after, [])
    const body = { dryRun: asked.dryRun, gateway: represented(gateway), said: [...said], payment }
    return sendJson(c, body, { status: 200 })
  })
  return app
}

function inDoubt({ payment, version }: VersionedPayment): Doubt {
  const { orderId, merchantId, status, condition, amountMinor, currency, position, operation, review } = payment
  const refundId = review?.refundId ?? (operation?.does === 'refund' ? operation.refundId : null)
  const doubt = review ?? operation
  const { reviewsBehind: behind } = reviewsIn(payment)
  return {
    orderId,
    merchantId,
    status,
    condition,
    amountMinor,
    currency,
    version,
    ...('paymentId' in position && position.paymentId !== null ? { paymentId: position.paymentId } : {}),
    operation: review?.operation ?? operation?.does ?? 'none',
    ...(refundId === null ? {} : { refundId }),
    ...(review === null ? {} : { reason: review.reason }),
    ...(behind === undefined ? {} : { behind }),
    since: doubt?.since ?? '',
  }
}

function represented(gateway: GatewaySays): GatewayBody {
  if (gateway.is !== 'found') return gateway
  const { paymentId, status, fact, refunds } = gateway.found
  const facts = fact === undefined ? [] : [fact, ...refunds]
  return { is: 'found', paymentId, status, facts: facts.map((each) => ({ ...each })) }
}
