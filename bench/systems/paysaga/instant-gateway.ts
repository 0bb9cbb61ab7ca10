import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Gateway, GatewayWord } from '../../../apps/payment/gateway/gateway.ts'

/** So long a hold stands at most card processors. */
const holdMs = 7 * 24 * 60 * 60 * 1_000

/**
 * In place of the gateway over HTTP: grants everything within the process. Everything around the call is the real
 * thing, the row, the lease and the outcome among it. A second key for the same deed is a second charge and fails.
 */
export function stripeGateway(): Gateway {
  const keys = new Map<string, string>()
  const perform = async (deed: string, key: string, word: GatewayWord): Promise<GatewayWord> => {
    const known = keys.get(deed)
    if (known !== undefined && known !== key) throw new Error(`Charged twice: ${deed} under ${known} and ${key}`)
    keys.set(deed, key)
    await nextTurn()
    return word
  }
  return {
    authorise: ({ orderId, amountMinor, currency }, { idempotencyKey }) => {
      const expiresAt = new Date(Date.now() + holdMs).toISOString()
      const held = { type: 'Held', paymentId: `pi_${orderId}`, amountMinor, currency, expiresAt } as const
      return perform(`${orderId}/authorise`, idempotencyKey, held)
    },
    capture: ({ orderId, paymentId, amountMinor, currency }, { idempotencyKey }) =>
      perform(`${orderId}/capture`, idempotencyKey, { type: 'Captured', paymentId, amountMinor, currency }),
    void: ({ orderId, paymentId }, { idempotencyKey }) =>
      perform(`${orderId}/void`, idempotencyKey, { type: 'Gone', paymentId, because: 'cancelled' }),
    refund: ({ refundId, amountMinor }, { idempotencyKey }) =>
      perform(`refund/${refundId}`, idempotencyKey, { type: 'RefundSucceeded', refundId, amountMinor }),
  }
}
