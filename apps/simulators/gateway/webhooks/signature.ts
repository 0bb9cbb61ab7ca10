import { createHmac } from 'node:crypto'

/**
 * The `Stripe-Signature` header (docs.stripe.com/webhooks#verify-manually): a time in unix seconds, and the HMAC of that
 * time and the body under the endpoint's secret, so that a receiver can tell forged from genuine and old from new.
 */
export function signatureOf(body: string, { secret, timestamp }: { secret: string; timestamp: number }): string {
  const digest = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return `t=${timestamp},v1=${digest}`
}
