import type Stripe from 'stripe'
import type { Authorise, RefundCall } from '../../vocabulary.ts'
import type { Gateway, GatewayWord } from '../gateway.ts'
import { toStripeAmount } from './stripe-amount.ts'
import { authenticationWanted, factOf, gaveUp, refundFactOf } from './stripe-answers.ts'
import { type StripeOptions, stripeClient } from './stripe-client.ts'
import { type Answered, StripeRequests } from './stripe-requests.ts'

/**
 * Stripe's PaymentIntents, and whatever speaks like it. Creating and confirming are two requests, so that every request
 * that moves money addresses an intent whose id is known and whose state tells whether it was performed. From the
 * second attempt on that state is asked for first: an answer repeated under the same key may be older than the truth.
 */
export function stripeGateway(options: StripeOptions): Gateway {
  const access = { stripe: stripeClient(options), requestTimeoutMs: options.requestTimeoutMs }
  return {
    authorise: (hold, call) => authorise(new StripeRequests(access, call), hold),
    capture: ({ paymentId, amountMinor, currency }, call) => {
      const requests = new StripeRequests(access, call)
      const amount = toStripeAmount(amountMinor, currency)
      if (amount === undefined) return Promise.resolve(gaveUp({ operation: 'capture' }, 'amount_not_representable'))
      const send = () => requests.capture(paymentId, amount)
      return settle(requests, paymentId, { operation: 'capture', send })
    },
    void: ({ paymentId }, call) => {
      const requests = new StripeRequests(access, call)
      return settle(requests, paymentId, { operation: 'void', send: () => requests.void(paymentId) })
    },
    refund: (refund, call) => giveBack(new StripeRequests(access, call), refund),
  }
}

const refused = (code: string): GatewayWord => ({ type: 'Refused', operation: 'authorise', code })

async function authorise(requests: StripeRequests, hold: Authorise): Promise<GatewayWord> {
  const amount = toStripeAmount(hold.amountMinor, hold.currency)
  if (amount === undefined) return refused('amount_not_representable')

  const created = await requests.create(hold, amount)
  if (created.is === 'refused') return refused(created.code)
  if (created.is === 'permanent') return gaveUp({ operation: 'authorise' }, created.reason)
  const { id } = created.value
  if (requests.isRepeated) {
    const before = await holdOf(requests, valueOf(await requests.retrieve(id)))
    if (before !== undefined) return before
  }

  const confirmed = await requests.confirm(id)
  if (confirmed.is === 'permanent') return gaveUp({ operation: 'authorise' }, confirmed.reason)
  // A refusal is believed only if nothing is held: it may be that of a request which came too late.
  const intent = confirmed.is === 'done' ? confirmed.value : valueOf(await requests.retrieve(id))
  const fact = await holdOf(requests, intent)
  return fact ?? refused(confirmed.is === 'refused' ? confirmed.code : intent.status)
}

/** Undefined while the intent only waits to be confirmed. */
async function holdOf(requests: StripeRequests, intent: Stripe.PaymentIntent): Promise<GatewayWord | undefined> {
  if (intent.status === 'requires_action') return await abandon(requests, intent.id)
  const gaveUpByUs = intent.status === 'canceled' && intent.cancellation_reason === authenticationWanted
  return gaveUpByUs ? refused('authentication_required') : factOf(intent)
}

/** Nobody is there to authenticate. Cancelled before it is refused, so that it can never be held after all. */
async function abandon(requests: StripeRequests, id: string): Promise<GatewayWord> {
  const cancelled = await requests.abandon(id)
  if (cancelled.is === 'permanent') return gaveUp({ operation: 'authorise' }, cancelled.reason)
  const intent = cancelled.is === 'done' ? cancelled.value : valueOf(await requests.retrieve(id))
  if (intent.status === 'requires_action') throw new Error(`${id} still waits for an authentication`)
  const fact = await holdOf(requests, intent)
  return fact ?? refused('authentication_required')
}

interface Change {
  readonly operation: 'capture' | 'void'
  readonly send: () => Promise<Answered<Stripe.PaymentIntent>>
}

/** Captures or voids what is held. Whatever Stripe says to that, the intent's state is the answer. */
async function settle(requests: StripeRequests, paymentId: string, change: Change): Promise<GatewayWord> {
  const { operation } = change
  if (requests.isRepeated) {
    const before = await requests.retrieve(paymentId)
    if (before.is === 'permanent') return gaveUp({ operation }, before.reason)
    const fact = factOf(valueOf(before))
    if (fact?.type === 'Captured' || fact?.type === 'Gone') return fact
  }
  const changed = await change.send()
  if (changed.is === 'permanent') return gaveUp({ operation }, changed.reason)
  const intent = changed.is === 'done' ? changed.value : valueOf(await requests.retrieve(paymentId))
  const fact = factOf(intent)
  if (fact?.type === 'Captured' || fact?.type === 'Gone') return fact
  if (changed.is === 'refused') return { type: 'Refused', operation, code: changed.code }
  throw new Error(`${paymentId} is ${intent.status} after ${operation}`)
}

async function giveBack(requests: StripeRequests, refund: RefundCall): Promise<GatewayWord> {
  const { refundId, amountMinor, currency } = refund
  const attempt = { operation: 'refund', refundId } as const
  const amount = toStripeAmount(amountMinor, currency)
  if (amount === undefined) return { type: 'RefundFailed', refundId, code: 'amount_not_representable' }

  if (requests.isRepeated) {
    const earlier = await requests.findRefund(refund)
    if (earlier.is === 'permanent') return gaveUp(attempt, earlier.reason)
    const made = valueOf(earlier)
    if (made !== undefined) return refundFactOf(made, refundId)
  }
  const created = await requests.refund(refund, amount)
  if (created.is === 'done') return refundFactOf(created.value, refundId)
  if (created.is === 'permanent') return gaveUp(attempt, created.reason)
  // There may be nothing left because this very refund has been made.
  const made = valueOf(await requests.findRefund(refund))
  return made === undefined ? { type: 'RefundFailed', refundId, code: created.code } : refundFactOf(made, refundId)
}

/** For look-ups: one that is refused tells nothing about the money. */
function valueOf<T>(answer: Answered<T>): T {
  if (answer.is === 'done') return answer.value
  throw new Error(`The look-up failed: ${answer.is === 'refused' ? answer.code : answer.reason}`)
}
