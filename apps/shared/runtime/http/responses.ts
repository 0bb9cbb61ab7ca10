import type { z } from '@hono/zod-openapi'
import { problemSchema } from './problem.ts'

/** For `responses` of an OpenAPI route: a JSON body of that shape. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** For `responses` of an OpenAPI route: problem details, RFC 9457. */
export const failure = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
})
