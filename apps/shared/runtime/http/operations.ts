import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Keyring } from '../config.ts'
import { authenticateOperator } from './authentication.ts'
import type { HttpApp } from './http.ts'
import type { HttpEnv } from './http-env.ts'
import { failure, json } from './responses.ts'

const cause = z.enum(['content', 'gap', 'not-yet', 'undecodable', 'aggregate-missing'])
const state = z.enum(['waiting', 'dead'])
const moment = z.iso
  .datetime({ offset: true })
  // PostgreSQL knows no year 0.
  .refine((value) => !value.startsWith('0000'), { error: 'must be a year of our era' })
  .transform((value) => new Date(value))
/** In lower case, as keys are compared. */
const orderId = z
  .string()
  .toLowerCase()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, { error: 'must be a UUID' })
  .openapi({ description: 'The order' })
/** PostgreSQL's text holds every character but one. */
const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .refine((value) => !value.includes('\0'), { error: 'must not hold the character 0' })
const filter = {
  state: state.optional(),
  cause: cause.optional(),
  key: orderId.optional(),
  type: text(200).optional().openapi({ description: 'Of the message that is handled next' }),
  error: text(500).optional().openapi({ description: 'A part of what failed' }),
  since: moment.optional().openapi({ type: 'string', format: 'date-time' }),
  until: moment.optional().openapi({ type: 'string', format: 'date-time' }),
}
type Filter = z.output<z.ZodObject<typeof filter>>

const limitMax = 1_000
const limit = z.coerce.number().int().min(1).max(limitMax).default(100)
const order = z.strictObject({
  ...filter,
  reason: text(500).openapi({ description: 'Kept with your name and the time' }),
  limit: z.int().min(1).max(limitMax).default(100),
  dryRun: z.boolean().default(false).openapi({ description: 'Only says which keys' }),
})

const given = order.refine(
  ({ state: s, cause: c, key, type, error }) => [s, c, key, type, error].some((value) => value !== undefined),
  {
    error: 'state, cause, key, type or error must be given: what is given up does not come back',
  },
)

const date = z.date().openapi({ type: 'string', format: 'date-time' })
const parkedBody = z
  .object({
    groups: z
      .array(
        z.object({
          state,
          cause,
          type: z.string(),
          error: z.string(),
          keys: z.int(),
          firstParkedAt: date,
          lastParkedAt: date,
        }),
      )
      .readonly(),
    keys: z
      .array(
        z.object({
          key: z.string(),
          state,
          cause,
          error: z.string(),
          attempts: z.int(),
          parkedAt: date,
          nextAttemptAt: date.nullable(),
          messages: z.int(),
          first: z.object({ version: z.int(), type: z.string(), messageId: z.string(), place: z.string() }),
        }),
      )
      .readonly(),
    unplaceable: z.int(),
  })
  .openapi('Parked')
const doneBody = z.object({ keys: z.array(z.string()), dryRun: z.boolean() }).openapi('ParkedKeys')

const effectState = z.enum(['due', 'waiting', 'calling'])
const effectFilter = {
  key: orderId.optional(),
  kind: text(200).optional(),
  state: effectState.optional(),
  unknown: z.stringbool().optional().openapi({ description: 'Whether nobody knows if the call had its effect' }),
}
const effectsBody = z
  .object({
    effects: z
      .array(
        z.object({
          id: z.string(),
          key: z.string(),
          kind: z.string(),
          state: effectState,
          attempts: z.int(),
          createdAt: date,
          firstSentAt: date.nullable(),
          nextAttemptAt: date,
          unknownSince: date.nullable(),
          isAnswered: z.boolean(),
          lastError: z.string().nullable(),
        }),
      )
      .readonly(),
  })
  .openapi('Effects')

/** What #messaging offers to operators, as far as the routes have to know it. */
export interface Operations {
  readonly parking: Parking
  effects(
    filter: z.output<z.ZodObject<typeof effectFilter>>,
    limit: number,
  ): Promise<z.input<typeof effectsBody>['effects']>
}

interface Parking {
  list(filter: Filter, limit: number): Promise<z.input<typeof parkedBody>>
  redrive(filter: Filter, order: Asked): Promise<readonly string[]>
  discard(filter: Filter, order: Asked): Promise<readonly string[]>
}

interface Asked {
  readonly by: string
  readonly reason: string
  readonly limit: number
  readonly dryRun: boolean
}

const failures = { 400: failure('The request is not valid'), 401: failure('No valid key of an operator') }
const body = { required: true, content: { 'application/json': { schema: order } } }
const chosenBody = { required: true, content: { 'application/json': { schema: given } } }

const listRoute = createRoute({
  method: 'get',
  path: '/ops/parked',
  summary: 'What is parked in this service, grouped and by key',
  request: { query: z.strictObject({ ...filter, limit }) },
  responses: { 200: json(parkedBody, 'The oldest keys first; groups count all of them'), ...failures },
})
const effectsRoute = createRoute({
  method: 'get',
  path: '/ops/effects',
  summary: 'Calls to the outside that are still to be made or decided on',
  request: { query: z.strictObject({ ...effectFilter, limit }) },
  responses: { 200: json(effectsBody, 'The oldest first, without what they say'), ...failures },
})
const redriveRoute = createRoute({
  method: 'post',
  path: '/ops/parked/redrive',
  summary: 'Have parked keys tried again now, in the order of their versions',
  request: { body },
  responses: { 202: json(doneBody, 'They are tried within a second, the dead ones too'), ...failures },
})
const discardRoute = createRoute({
  method: 'post',
  path: '/ops/parked/discard',
  summary:
    'Give up the first message of each key for good, if it has failed; what waits behind it goes on. Of an order that this service does not know, give up all',
  request: { body: chosenBody },
  responses: { 200: json(doneBody, 'Of a gap what is missing was given up'), ...failures },
})

/** What operators see, and what they do with messages that could not be handled. All of it needs an operator's key. */
export function operationsRoutes(operations: Operations, keys: Keyring): HttpApp {
  const { parking } = operations
  const app: HttpApp = new OpenAPIHono<HttpEnv>()
  app.use('/ops/*', authenticateOperator(keys))
  app.openapi(listRoute, async (c) => {
    const { limit, ...wanted } = c.req.valid('query')
    return c.json(await parking.list(wanted, limit), 200)
  })
  app.openapi(effectsRoute, async (c) => {
    const { limit, ...wanted } = c.req.valid('query')
    return c.json({ effects: await operations.effects(wanted, limit) }, 200)
  })
  app.openapi(redriveRoute, async (c) => {
    const { reason, limit, dryRun, ...wanted } = c.req.valid('json')
    const redriven = await parking.redrive(wanted, { by: c.get('operator'), reason, limit, dryRun })
    return c.json({ keys: [...redriven], dryRun }, 202)
  })
  app.openapi(discardRoute, async (c) => {
    const { reason, limit, dryRun, ...wanted } = c.req.valid('json')
    const discarded = await parking.discard(wanted, { by: c.get('operator'), reason, limit, dryRun })
    return c.json({ keys: [...discarded], dryRun }, 200)
  })
  return app
}
