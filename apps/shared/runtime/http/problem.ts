import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { z as zod } from 'zod'

export interface FieldError {
  /** As the sender would write it: `items[0].quantity`, or the name of a parameter or header. Empty: the whole. */
  readonly field: string
  readonly detail: string
}

export interface ProblemDetails {
  readonly status: ContentfulStatusCode
  /** Stable, for machines: `order_not_found`. */
  readonly code: string
  /** The same for every occurrence, for people. */
  readonly title: string
  readonly detail?: string
  readonly errors?: readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown anywhere below a handler, answered as `application/problem+json`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly details: ProblemDetails
  constructor(details: ProblemDetails) {
    super(details.detail ?? details.title)
    this.details = details
  }
}

/** `throw problem({ status: 404, code: 'order_not_found', title: 'There is no such order' })` */
export const problem = (details: ProblemDetails): Problem => new Problem(details)

/** RFC 9457. `type` is a URN, for there is no page behind it; `code` is its last part. */
export function sendProblem(c: Context, { headers, status, code, title, detail, errors }: ProblemDetails): Response {
  const body = { type: `urn:paysaga:problem:${code}`, code, title, status, detail, errors }
  return c.body(JSON.stringify(body), status, { ...headers, 'content-type': 'application/problem+json' })
}

/** For `responses` of an OpenAPI route. */
export const problemSchema = z
  .object({
    type: z.string(),
    code: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem')

/** What zod found, by field. Unknown members are named one by one, since zod puts them all on their parent. */
export function fieldErrors(issues: readonly zod.core.$ZodIssue[]): readonly FieldError[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: fieldName([...issue.path, key]), detail: 'is not a known field' }))
      : [{ field: fieldName(issue.path), detail: issue.message }],
  )
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`
    return name === '' ? String(part) : `${name}.${String(part)}`
  }, '')
}
