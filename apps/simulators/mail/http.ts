import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { failure, type HttpEnv, json, problem } from '#runtime'
import type { Mailbox } from './mailbox.ts'
import { parseMessage } from './message.ts'
import { listPage, pagePolicy } from './page.ts'

const shownMax = 200

export function mailRoutes(opening: Promise<Mailbox>): OpenAPIHono<HttpEnv> {
  const app = new OpenAPIHono<HttpEnv>()

  app.openapi(listRoute, async (c) => {
    const mailbox = await opening
    return c.json(
      { messages: mailbox.list(c.req.valid('query')).map(({ to, ...rest }) => ({ ...rest, to: [...to] })) },
      200,
    )
  })
  app.openapi(messageRoute, async (c) => {
    const { id } = c.req.valid('param')
    const raw = await (await opening).raw(id)
    if (raw === undefined) throw problem({ status: 404, code: 'message_not_found', title: 'There is no such message' })
    const { summary, headers, text, html } = await parseMessage(id, raw)
    return c.json({ ...summary, to: [...summary.to], headers: [...headers], text, html }, 200)
  })
  app.get('/', async (c) =>
    c.html(listPage((await opening).list({ limit: shownMax })), 200, { 'content-security-policy': pagePolicy }),
  )
  return app
}

const summary = z.object({
  id: z.uuid(),
  receivedAt: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  orderId: z.string().nullable(),
  messageId: z.string().nullable(),
  bytes: z.int(),
})

const message = z.object({
  ...summary.shape,
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  text: z.string().nullable(),
  html: z.string().nullable(),
})

const listRoute = createRoute({
  method: 'get',
  path: '/messages',
  summary: 'What was sent, newest first',
  request: {
    query: z.object({
      to: z.string().optional(),
      orderId: z.string().optional(),
      limit: z.coerce.number().pipe(z.int().min(1).max(10_000)).default(100),
    }),
  },
  responses: {
    200: json(z.object({ messages: z.array(summary) }), 'By recipient of the envelope and by X-Order-Id'),
  },
})

const messageRoute = createRoute({
  method: 'get',
  path: '/messages/{id}',
  summary: 'One message with its text',
  request: { params: z.object({ id: z.uuid() }) },
  responses: {
    200: json(message, 'The message'),
    404: failure('None, or dropped'),
  },
})
