import { problem } from '#runtime'
import type { Answer } from './idempotency.ts'

interface Refusal {
  readonly status: 404 | 409 | 422
  readonly title: string
}

/** 409: the order is in the wrong state for it. 422: the request asks for too much. */
const refusals: ReadonlyMap<string, Refusal> = new Map([
  ['order_not_found', { status: 404, title: 'There is no such order' }],
  ['order_refunded', { status: 409, title: 'The order has been refunded' }],
  ['order_not_paid', { status: 409, title: 'The order has not been paid' }],
  ['order_cancelled', { status: 409, title: 'The order has been cancelled, its money goes back by itself' }],
  ['refund_exceeds_captured', { status: 422, title: 'The refund is more than what is left' }],
  ['too_many_refunds', { status: 422, title: 'The order has had as many refunds as it may' }],
])

/** The answer that is kept for a business refusal. @param code as the aggregate says it */
export function refusalOf(code: string): Omit<Answer, 'orderId'> {
  return { status: refusal(code).status, headers: {}, body: JSON.stringify({ code }) }
}

/** What to throw for an answer that was a refusal. */
export function refusalIn({ status, headers, body }: Answer): Error | undefined {
  if (status < 400) return undefined
  const { code }: { readonly code: string } = JSON.parse(body)
  return problem({ ...refusal(code), code, headers })
}

function refusal(code: string): Refusal {
  const known = refusals.get(code)
  if (known === undefined) throw new Error(`No status for the refusal ${code}`)
  return known
}
