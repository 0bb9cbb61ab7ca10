import type Stripe from 'stripe'
import type { Fact, RefundFailed, RefundSucceeded } from '../../vocabulary.ts'
import type { Found, GatewayLookUps } from '../look-ups.ts'
import { authenticationWanted, factOf, objectionOf, refundFactOf, StillUnderWay } from './stripe-answers.ts'
import { type StripeOptions, stripeClient } from './stripe-client.ts'

/** So many refunds of one payment are looked through. */
const refundsMax = 1_000
/** Intents of one order: one, unless the gateway has failed while making it. */
const intentsMax = 10

export const withCharge = { expand: ['latest_charge'] }

/** Stripe's PaymentIntents and refunds, read only. */
export function stripeLookUps(options: StripeOptions): GatewayLookUps {
  const stripe = stripeClient(options)
  return {
    lookUp: async (paymentId, { withRefunds = false } = {}) => {
      const intent = await orNone(stripe.paymentIntents.retrieve(paymentId, withCharge))
      return intent && (await found(stripe, intent, withRefunds))
    },
    search: async (orderId) => {
      const intent = await searchIntent(stripe, orderId)
      return intent && (await found(stripe, intent, true))
    },
  }
}

/**
 * The intent that was made for this order, by metadata that is ours alone. Undefined where none is found, and where there
 * are several and money hangs on none of them: nobody can say then which is meant.
 */
export async function searchIntent(stripe: Stripe, orderId: string): Promise<Stripe.PaymentIntent | undefined> {
  // An order id is a UUID: nothing in it could end the quotation.
  const query = `metadata['orderId']:'${orderId}'`
  const page = await stripe.paymentIntents.search({ query, limit: intentsMax, expand: ['data.latest_charge'] })
  const [first, ...others] = page.data
  return page.data.find(({ status }) => withMoney.has(status)) ?? (others.length === 0 ? first : undefined)
}
const withMoney: ReadonlySet<Stripe.PaymentIntent.Status> = new Set(['requires_capture', 'succeeded', 'processing'])

async function found(stripe: Stripe, intent: Stripe.PaymentIntent, withRefunds: boolean): Promise<Found> {
  const { id, status, metadata, latest_charge: charge } = intent
  const returned = typeof charge === 'object' && charge !== null && charge.amount_refunded > 0
  const listed = status === 'succeeded' && (withRefunds || returned)
  return {
    paymentId: id,
    orderId: metadata['orderId'],
    status,
    fact: whereDecided(() => factOfFound(intent)),
    refunds: listed ? await refundsOf(stripe, intent) : [],
  }
}

/** Cancelled because it wanted the customer's presence, and never held anything: that is a refusal. */
export function factOfFound(intent: Stripe.PaymentIntent): Fact | undefined {
  const { status, cancellation_reason: reason, latest_charge: charge } = intent
  if (status === 'canceled' && reason === authenticationWanted && charge === null) {
    return { type: 'Refused', operation: 'authorise', code: 'authentication_required' }
  }
  return factOf(intent)
}

async function refundsOf(stripe: Stripe, { id, currency }: Stripe.PaymentIntent): Promise<Found['refunds']> {
  const list = stripe.refunds.list({ payment_intent: id, limit: 100 })
  const newestFirst = await list.autoPagingToArray({ limit: refundsMax })
  return newestFirst.toReversed().flatMap((refund) => {
    if (refund.currency !== currency) throw new Error(`${refund.id} is of another currency than ${id}`)
    const fact = whereDecided(() => refundFactOf(refund, refund.metadata?.['refundId'] ?? refund.id))
    return fact === undefined ? [] : [fact]
  })
}

type RefundFact = RefundSucceeded | RefundFailed
function whereDecided<Some extends Fact | RefundFact>(fact: () => Some | undefined): Some | undefined {
  try {
    return fact()
  } catch (error) {
    if (error instanceof StillUnderWay) return undefined
    throw error
  }
}

/** Every refusal but `there is none` tells nothing about the money. */
async function orNone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking
  } catch (error) {
    const objection = objectionOf(error)
    if (objection.is === 'permanent' && objection.reason === 'not_found') return undefined
    throw error
  }
}
