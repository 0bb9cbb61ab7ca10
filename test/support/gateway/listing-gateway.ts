import type { GatewayList } from '../../../apps/payment/gateway/gateway-list.ts'
import type { Found, GatewayLookUps } from '../../../apps/payment/gateway/look-ups.ts'
import { expiresAt, type PayingOrder } from '../payment/paying-order.ts'

export interface ListingGateway {
  /** What it has, the newest first. Its list has two to a page. */
  intents: Found[]
  /** Where the pages began that it was asked for, and the intents that were looked up. */
  readonly pages: (string | null)[]
  readonly lookedUp: string[]
  /** Says before which of them the process dies: `page 2`, `look-up 1`. */
  dies: (at: string) => boolean
  readonly list: GatewayList
  readonly lookUps: GatewayLookUps
}

const pageMax = 2

export function listingGateway(): ListingGateway {
  const killed = () => Promise.reject(new Error('the process was killed'))
  const gateway: ListingGateway = {
    intents: [],
    pages: [],
    lookedUp: [],
    dies: () => false,
    list: {
      page: ({ after }) => {
        if (gateway.dies(`page ${gateway.pages.length + 1}`)) return killed()
        gateway.pages.push(after)
        const from = after === null ? 0 : gateway.intents.findIndex(({ paymentId }) => paymentId === after) + 1
        const intents = gateway.intents.slice(from, from + pageMax).map(({ refunds, ...intent }) => ({
          ...intent,
          returnedMinor: returnedOf(refunds),
        }))
        return Promise.resolve({ intents, hasMore: from + pageMax < gateway.intents.length })
      },
    },
    lookUps: {
      lookUp: (paymentId) => {
        if (gateway.dies(`look-up ${gateway.lookedUp.length + 1}`)) return killed()
        gateway.lookedUp.push(paymentId)
        return Promise.resolve(gateway.intents.find((intent) => intent.paymentId === paymentId))
      },
      search: () => Promise.resolve(undefined),
    },
  }
  return gateway
}

const returnedOf = (refunds: Found['refunds']): bigint =>
  refunds.reduce((sum, refund) => sum + (refund.type === 'RefundSucceeded' ? refund.amountMinor : 0n), 0n)

/** The intent of an order of `payingOrder`, and what is different about it. */
type Of = { readonly orderId: string; readonly paymentId: PayingOrder['paymentId'] }
export const eur = { amountMinor: 1_200n, currency: 'EUR' } as const

export const takenAtGateway = ({ orderId, paymentId }: Of, more: Partial<Found> = {}): Found => {
  const fact = { type: 'Captured', paymentId, ...eur } as const
  return { paymentId, orderId, status: 'succeeded', fact, refunds: [], ...more }
}

export const heldAtGateway = ({ orderId, paymentId }: Of, other: object = {}): Found => {
  const fact = { type: 'Held', paymentId, ...eur, expiresAt, ...other } as const
  return { paymentId, orderId, status: 'requires_capture', fact, refunds: [] }
}
