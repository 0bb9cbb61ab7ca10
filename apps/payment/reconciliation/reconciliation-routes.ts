import { createRoute, z } from '@hono/zod-openapi'
import { failure, json } from '#runtime'

const limitMax = 1_000
const limit = z.coerce.number().int().min(1).max(limitMax).default(100)
const timestamp = z.string().meta({ description: 'RFC 3339' })
const count = z.int().min(0)

const run = z
  .object({
    id: z.uuid(),
    by: z.string().meta({ description: "Who asked for it: an operator's name, or schedule" }),
    since: timestamp,
    until: timestamp,
    state: z.enum(['running', 'finished', 'failed', 'cancelled']),
    stage: z
      .enum(['intents', 'payments'])
      .meta({ description: "First the gateway's intents, then payments of ours that were not among them" }),
    cursor: z.string().optional().meta({ description: 'Where the next page begins' }),
    pages: count,
    intentsSeen: count,
    matched: count,
    repaired: count.meta({ description: 'They differed, and we took what the gateway says' }),
    reported: count.meta({ description: 'They differ, and it is for a person' }),
    leftOpen: count.meta({ description: 'Something is on its way: the next one will see' }),
    notOurs: count.meta({ description: 'Intents without an order of ours' }),
    failures: count.meta({ description: 'In a row, of the page at hand' }),
    lastError: z.string().optional(),
    startedAt: timestamp,
    finishedAt: timestamp.optional(),
    cancelledBy: z.string().optional(),
  })
  .openapi('Reconciliation')
export type RunBody = z.output<typeof run>

const finding = z
  .object({
    id: z.uuid(),
    kind: z.enum(['missing_here', 'extra_here', 'amount_differs', 'state_differs', 'ledger_differs']),
    paymentId: z.string(),
    orderId: z.uuid(),
    evidence: z.record(z.string(), z.unknown()).meta({ description: 'Both sides as seen last, and what was tried' }),
    firstSeenAt: timestamp,
    lastSeenAt: timestamp,
    settledAt: timestamp.optional().meta({ description: 'When both sides were found to agree again' }),
  })
  .openapi('ReconciliationFinding')
export type FindingBody = z.output<typeof finding>

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))

const wanted = z
  .strictObject({
    since: time.optional().openapi({
      type: 'string',
      format: 'date-time',
      description: 'Made then or later; eight days before, unless given',
    }),
    until: time
      .optional()
      .openapi({ type: 'string', format: 'date-time', description: 'Made before; two minutes ago at the latest' }),
  })
  .default({})

export const beginRoute = createRoute({
  method: 'post',
  path: '/reconciliations',
  summary: "Compare our payments with the gateway's list. One that an operator has running is answered with itself",
  request: { body: { required: false, content: { 'application/json': { schema: wanted } } } },
  responses: {
    202: {
      ...json(run, 'It is under way'),
      headers: { location: { schema: { type: 'string' as const }, description: 'Where its progress is' } },
    },
    400: failure('The request is not valid, or there is nothing between since and until'),
    401: failure('No valid key of an operator'),
  },
})

export const cancelRoute = createRoute({
  method: 'post',
  path: '/reconciliations/{id}/cancel',
  summary: 'End a comparison before its time. What it has found and repaired stays',
  request: { params: z.object({ id: z.uuid().toLowerCase() }) },
  responses: {
    200: json(run, 'It is cancelled, now or before'),
    400: failure('The request is not valid'),
    401: failure('No valid key of an operator'),
    404: failure('There is none'),
    409: failure('It has ended by itself'),
  },
})

export const listRoute = createRoute({
  method: 'get',
  path: '/reconciliations',
  summary: 'Comparisons with the gateway and what came of them',
  request: { query: z.strictObject({ limit }) },
  responses: {
    200: json(z.object({ reconciliations: z.array(run) }).openapi('Reconciliations'), 'The newest first'),
    400: failure('The request is not valid'),
    401: failure('No valid key of an operator'),
  },
})

export const getRoute = createRoute({
  method: 'get',
  path: '/reconciliations/{id}',
  summary: 'One comparison with the gateway, and where the two differ',
  request: { params: z.object({ id: z.uuid().toLowerCase() }), query: z.strictObject({ limit }) },
  responses: {
    200: json(
      run.extend({ findings: z.array(finding) }).openapi('ReconciliationWithFindings'),
      'Its progress, and what stood when it was under way',
    ),
    400: failure('The request is not valid'),
    401: failure('No valid key of an operator'),
    404: failure('There is none'),
  },
})
