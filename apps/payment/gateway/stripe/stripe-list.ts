import type Stripe from 'stripe'
import type { AtGateway } from '../../reconciliation/comparison.ts'
import type { Fact } from '../../vocabulary.ts'
import type { GatewayList } from '../gateway-list.ts'
import { fromStripeAmount } from './stripe-amount.ts'
import { objectionOf } from './stripe-answers.ts'
import { type StripeOptions, stripeClient } from './stripe-client.ts'
import { factOfFound } from './stripe-look-ups.ts'

/** As many as Stripe gives at a time. */
const pageMax = 100

/** Stripe's list of PaymentIntents: by the time at which they were made, the newest first. */
export function stripeList(options: StripeOptions): GatewayList {
  const stripe = stripeClient(options)
  return {
    page: async ({ since, until, after }) => {
      const listing = stripe.paymentIntents.list({
        limit: pageMax,
        created: { gte: inSeconds(since), lt: inSeconds(until) },
        expand: ['data.latest_charge'],
        ...(after === null ? {} : { starting_after: after }),
      })
      const { data, has_more: hasMore } = await answered(listing)
      return { intents: data.map(line), hasMore }
    },
  }
}

const inSeconds = (time: Date): number => Math.floor(time.getTime() / 1_000)

async function answered<T>(listing: Promise<T>): Promise<T> {
  try {
    return await listing
  } catch (error) {
    const objection = objectionOf(error)
    throw new Error(`The list failed: ${objection.is === 'refused' ? objection.code : objection.reason}`, {
      cause: error,
    })
  }
}

function line(intent: Stripe.PaymentIntent): AtGateway {
  const { id, status, metadata, currency, latest_charge: charge } = intent
  const returned = status === 'succeeded' && typeof charge === 'object' ? (charge?.amount_refunded ?? 0) : 0
  return {
    paymentId: id,
    orderId: metadata['orderId'],
    status,
    fact: readable(intent),
    returnedMinor: fromStripeAmount(returned, currency),
  }
}

/** One that nobody here can read must not keep the others of its page from being compared: it counts as undecided. */
function readable(intent: Stripe.PaymentIntent): Fact | undefined {
  try {
    return factOfFound(intent)
  } catch {
    return undefined
  }
}
