import { z } from 'zod'
import { currencyCode } from '#contracts'
import { errors, RequestRefused } from '../engine/errors.ts'
import { cancellationReasons } from '../engine/state.ts'
import { parseForm } from './form.ts'

/** Stripe's limit is eight digits for most currencies; ours is what a JSON number holds exactly. */
const amount = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number)
  .pipe(z.int().positive())
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
const text = z.string().max(500)
const metadata = z
  .record(z.string().max(40), text)
  .refine((members) => Object.keys(members).length <= 50)
  .default({})
const currency = z
  .string()
  .refine((code) => currencyCode.safeParse(code.toUpperCase()).success && code === code.toLowerCase())
const expandable = <Name extends string>(...names: readonly Name[]) => z.array(z.enum(names)).default([])

/** Taken and without meaning here, because an adapter may send them. */
const ignored = { description: text.optional(), return_url: text.optional(), off_session: z.string().optional() }

const intentExpand = { expand: expandable('latest_charge') }

const seconds = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(Number)
const listing = {
  starting_after: text.optional(),
  limit: amount.pipe(z.int().max(100)).default(10),
  created: z
    .union([
      seconds,
      z.strictObject({
        gt: seconds.optional(),
        gte: seconds.optional(),
        lt: seconds.optional(),
        lte: seconds.optional(),
      }),
    ])
    .optional(),
}
const lists = z.strictObject(listing)
export type Listing = z.output<typeof lists>

export const createParams = z.strictObject({
  ...ignored,
  ...intentExpand,
  amount,
  currency,
  metadata,
  capture_method: z.enum(['manual', 'automatic', 'automatic_async']).default('automatic'),
  confirm: flag.default(false),
  payment_method: text.optional(),
  payment_method_types: z.array(z.literal('card')).optional(),
  automatic_payment_methods: z.strictObject({ enabled: flag, allow_redirects: text.optional() }).optional(),
  confirmation_method: z.enum(['automatic', 'manual']).optional(),
  statement_descriptor_suffix: text.optional(),
  receipt_email: text.optional(),
})
export const confirmParams = z.strictObject({ ...ignored, ...intentExpand, payment_method: text.optional() })
export const captureParams = z.strictObject({
  ...intentExpand,
  amount_to_capture: amount.optional(),
  final_capture: z.literal('true').optional(),
})
export const cancelParams = z.strictObject({
  ...intentExpand,
  cancellation_reason: z.enum(cancellationReasons).optional(),
})
export const retrieveParams = z.strictObject({ ...intentExpand, client_secret: text.optional() })
export const refundParams = z.strictObject({
  expand: expandable('payment_intent'),
  payment_intent: text,
  amount: amount.optional(),
  metadata,
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
})
export const refundRetrieveParams = z.strictObject({ expand: expandable('payment_intent') })
export const refundListParams = z.strictObject({
  ...listing,
  expand: expandable('data.payment_intent'),
  payment_intent: text.optional(),
})
export const intentListParams = z.strictObject({ ...listing, expand: expandable('data.latest_charge') })
export const intentSearchParams = z.strictObject({
  query: text,
  limit: listing.limit,
  /** The last answer's `next_page`. */
  page: text.optional(),
  expand: expandable('data.latest_charge'),
})
export const eventListParams = z.strictObject({
  ...listing,
  type: text.optional(),
  types: z.array(text).max(20).optional(),
  delivery_success: flag.optional(),
})
export const eventRetrieveParams = z.strictObject({})

/** @throws RequestRefused with the parameter that Stripe would name */
export function readParams<Schema extends z.ZodType>(schema: Schema, source: string): z.output<Schema> {
  const result = schema.safeParse(formOf(source))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new RequestRefused(issue === undefined ? errors.notAForm : parameterError(issue))
}

function formOf(source: string) {
  try {
    return parseForm(source)
  } catch (error) {
    if (error instanceof RangeError) throw new RequestRefused(errors.parameter('parameter_invalid', '', error.message))
    throw error
  }
}

function parameterError(issue: z.core.$ZodIssue) {
  if (issue.code === 'unrecognized_keys') {
    const param = bracketed([...issue.path, issue.keys[0] ?? ''])
    return errors.parameter('parameter_unknown', param, `Received unknown parameter: ${param}`)
  }
  const param = bracketed(issue.path)
  if (issue.path[0] === 'amount' || issue.path[0] === 'amount_to_capture') {
    if (issue.code === 'invalid_type' && issue.expected === 'string') return missing(param)
    return errors.parameter('parameter_invalid_integer', param, `Invalid positive integer: ${param}`)
  }
  if (issue.code === 'invalid_type' && issue.path.length === 1) return missing(param)
  return errors.parameter('parameter_invalid', param, `Invalid value for ${param}`)
}

const missing = (param: string) => errors.parameter('parameter_missing', param, `Missing required param: ${param}.`)

const bracketed = (path: readonly PropertyKey[]): string =>
  path.map((part, depth) => (depth === 0 ? String(part) : `[${String(part)}]`)).join('')
