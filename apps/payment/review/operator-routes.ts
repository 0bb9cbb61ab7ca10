import { createRoute, z } from '@hono/zod-openapi'
import { currencyCode, minorUnits } from '#contracts'
import { failure, json } from '#runtime'
import { paymentBody, reviewBody } from '../representation.ts'
import { text, truth } from './truth.ts'

const limitMax = 1_000

const doubt = z.object({
  orderId: z.uuid(),
  merchantId: z.uuid(),
  status: z.string(),
  condition: z.enum(['ok', 'unknown', 'review']),
  amountMinor: minorUnits,
  currency: currencyCode,
  paymentId: z.string().optional(),
  operation: z.string().meta({ description: 'What is in doubt: authorise, capture, void or refund' }),
  refundId: z.string().optional(),
  reason: z.string().optional().meta({ description: 'Why it is in review' }),
  behind: z.array(reviewBody).optional().meta({ description: 'What else is in doubt, asked in its turn' }),
  since: z.string().meta({ description: 'RFC 3339' }),
  version: z.int(),
})
export type Doubt = z.output<typeof doubt>

const gatewayBody = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('found'),
    paymentId: z.string(),
    status: z.string().meta({ description: "In the gateway's own word" }),
    facts: z.array(z.record(z.string(), z.unknown())).meta({ description: 'What that says about the money' }),
  }),
  z.object({ is: z.literal('notFound') }),
  z.object({ is: z.literal('unavailable'), because: z.string() }),
])
export type GatewayBody = z.output<typeof gatewayBody>

const resolvedBody = z
  .object({
    dryRun: z.boolean(),
    gateway: gatewayBody.meta({ description: 'What the gateway says now' }),
    said: z.array(z.string()).meta({ description: 'The events that follow, or would' }),
    payment: paymentBody.omit({ history: true }),
  })
  .openapi('ResolvedPayment')

const order = z
  .strictObject({
    truth: truth.optional(),
    evidence: text.optional().openapi({ description: 'How you know. Kept with your name and the time' }),
    dryRun: z.boolean().default(false).openapi({ description: 'Only look, and say what would follow' }),
  })
  .refine(({ truth, evidence, dryRun }) => dryRun || (truth !== undefined && evidence !== undefined), {
    error: 'truth and evidence must be given, unless dryRun is',
  })

export const listRoute = createRoute({
  method: 'get',
  path: '/ops/payments',
  summary: 'Payments that the gateway or a person must bring further',
  request: {
    query: z.strictObject({
      condition: z.enum(['unknown', 'review']).optional(),
      limit: z.coerce.number().int().min(1).max(limitMax).default(100),
    }),
  },
  responses: {
    200: json(z.object({ payments: z.array(doubt) }).openapi('PaymentsInDoubt'), 'The oldest orders first'),
    400: failure('The request is not valid'),
    401: failure('No valid key of an operator'),
  },
})

export const resolveRoute = createRoute({
  method: 'post',
  path: '/ops/payments/{orderId}/resolve',
  summary: 'Say what is true of a payment that is in review, or whose outcome is unknown',
  request: {
    params: z.object({ orderId: z.uuid().toLowerCase() }),
    body: { required: true, content: { 'application/json': { schema: order } } },
  },
  responses: {
    200: json(resolvedBody, 'The payment as it is now; with dryRun as it stands'),
    400: failure('The request is not valid'),
    401: failure('No valid key of an operator'),
    404: failure('There is no such payment'),
    409: failure('Nothing is in doubt, or this does not answer it'),
    422: failure('It cannot be true'),
  },
})
