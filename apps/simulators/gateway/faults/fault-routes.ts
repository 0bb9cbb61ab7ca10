import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { failure, type HttpEnv, json, sendJson } from '#runtime'
import { type Faults, fault } from './faults.ts'

const faultsMax = 1_000

/** To tell the simulator how to misbehave. No part of Stripe's API. */
export function faultRoutes(faults: Faults): OpenAPIHono<HttpEnv> {
  const app = new OpenAPIHono<HttpEnv>()
  app.openapi(putRoute, (c) => {
    const { faults: wanted, seed } = c.req.valid('json')
    faults.replace(wanted, seed)
    return sendJson(c, { faults: [...faults.list()] }, { status: 200 })
  })
  app.openapi(getRoute, (c) => sendJson(c, { faults: [...faults.list()] }, { status: 200 }))
  app.openapi(deleteRoute, (c) => {
    faults.replace([])
    return c.body(null, 204)
  })
  return app
}

const path = '/simulator/faults'
const wanted = z.strictObject({
  faults: z.array(fault).max(faultsMax),
  seed: z.int().optional().meta({ description: 'Repeats what the rates strike' }),
})
const listed = z.object({ faults: z.array(z.object({ ...fault.shape, struck: z.int() })) })

const putRoute = createRoute({
  method: 'put',
  path,
  summary: 'Misbehave so from now on, and no longer as before',
  request: {
    body: {
      required: true,
      content: { 'application/json': { schema: wanted } },
    },
  },
  responses: {
    200: json(listed, 'As they stand now'),
    400: failure('The request is not valid; `errors` names the fields'),
  },
})

const getRoute = createRoute({
  method: 'get',
  path,
  summary: 'The faults, and how often each has struck',
  responses: { 200: json(listed, 'In their order: the first that fits strikes') },
})

const deleteRoute = createRoute({
  method: 'delete',
  path,
  summary: 'Behave',
  responses: { 204: { description: 'No fault is left' } },
})
