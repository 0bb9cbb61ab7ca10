import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import { authenticate, failure, type HttpApp, type HttpEnv, json, type Keyring, sendJson } from '#runtime'
import { findNotification } from './store.ts'
import type { NotificationDatabase } from './tables.ts'
import type { Message } from './vocabulary.ts'

export interface NotificationHttpOptions {
  readonly db: Kysely<NotificationDatabase>
  readonly apiKeys: Keyring
}

/** What merchants may know of the mails about their orders: everything but their words. */
export function notificationRoutes({ db, apiKeys }: NotificationHttpOptions): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>()
  app.use('/notifications/*', authenticate(apiKeys))
  app.openapi(listRoute, async (c) => {
    const { orderId } = c.req.valid('query')
    const notification = await findNotification(db, { merchantId: c.get('merchantId'), orderId })
    const messages = notification?.messages ?? []
    return sendJson(c, { data: messages.map((message) => represent(orderId, message)) }, { status: 200 })
  })
  return app
}

const notificationBody = z
  .object({
    orderId: z.uuid(),
    number: z.int(),
    kind: z.enum(['order_confirmed', 'order_cancelled', 'order_refunded', 'refund_failed']),
    channel: z.literal('email'),
    status: z.enum(['queued', 'sending', 'sent', 'failed', 'cancelled']),
    providerId: z.string().optional(),
    code: z.string().optional(),
    queuedAt: z.iso.datetime(),
  })
  .openapi('Notification')

const listRoute = createRoute({
  method: 'get',
  path: '/notifications',
  summary: 'What the customer of an order was told',
  request: { query: z.object({ orderId: z.uuid().toLowerCase() }) },
  responses: {
    200: json(
      z.object({ data: z.array(notificationBody) }).openapi('Notifications'),
      'In the order of sending; empty for an order that is not known (yet)',
    ),
    400: failure('The request is not valid; `errors` names the fields'),
    401: failure('No valid API key'),
    503: failure('Not available now: send the same request again, after `Retry-After` seconds'),
  },
})

function represent(orderId: string, message: Message): z.output<typeof notificationBody> {
  const { number, news, status, queuedAt } = message
  return {
    orderId,
    number,
    kind: news.kind,
    channel: 'email',
    status,
    ...(message.status === 'sent' ? { providerId: message.providerId } : {}),
    ...(message.status === 'failed' ? { code: message.code } : {}),
    queuedAt,
  }
}
