import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type HttpEnv, json, sendJson } from '#runtime'
import type { Webhooks } from './webhooks.ts'

/** How the delivery of events stands: tests wait by it until nothing is on its way. No part of Stripe's API. */
export function webhookRoutes(webhooks: Webhooks): OpenAPIHono<HttpEnv> {
  const app = new OpenAPIHono<HttpEnv>()
  app.openapi(webhooksRoute, (c) => {
    const { limit } = c.req.valid('query')
    const undelivered = [...webhooks.undelivered()]
      .slice(0, limit)
      .map(({ event: { id, type }, attempts, said }) => ({ id, type, attempts, said: said ?? null }))
    return sendJson(c, { ...webhooks.counts, undelivered }, { status: 200 })
  })
  return app
}

const standing = z.object({
  delivered: z.int(),
  /** Not delivered yet. */
  waiting: z.int(),
  /** Given up after three days, or lost on purpose. */
  failed: z.int(),
  undelivered: z.array(z.object({ id: z.string(), type: z.string(), attempts: z.int(), said: z.string().nullable() })),
})

const webhooksRoute = createRoute({
  method: 'get',
  path: '/simulator/webhooks',
  summary: 'How many events have been delivered, and which have not',
  request: { query: z.object({ limit: z.coerce.number().pipe(z.int().min(0).max(1_000)).default(100) }) },
  responses: { 200: json(standing, 'Oldest first; `said` is the status of the last answer, or why there was none') },
})
