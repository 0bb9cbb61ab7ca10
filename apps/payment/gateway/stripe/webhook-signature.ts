import Stripe from 'stripe'

/** In seconds, as Stripe's own libraries have it: what was recorded on its way is of no use to anybody after that. */
const toleranceSeconds = 300

/** `forged`: signed with none of our secrets, or not these bytes. `stale`: ours, but signed too long ago. */
export type Signature = 'valid' | 'forged' | 'stale'

/**
 * Whether these bytes were signed by the gateway, and lately. While a secret is being replaced both are known here, and
 * the gateway signs with either or with both.
 * @param body as it came: a body that was parsed and written again has another signature
 */
export function signatureOf(body: Uint8Array, header: string, secrets: readonly string[]): Signature {
  // 0 is any age.
  const ours = secrets.filter((secret) => verifies({ body, header, secret, toleranceSeconds: 0 }))
  if (ours.length === 0) return 'forged'
  return ours.some((secret) => verifies({ body, header, secret, toleranceSeconds })) ? 'valid' : 'stale'
}

interface Signed {
  readonly body: Uint8Array
  readonly header: string
  readonly secret: string
  readonly toleranceSeconds: number
}

function verifies({ body, header, secret, toleranceSeconds: tolerance }: Signed): boolean {
  try {
    return Stripe.webhooks.signature?.verifyHeader(body, header, secret, tolerance) ?? false
  } catch {
    // Whatever it is about, and never passed on: it holds the body. A header that is none makes the SDK throw others as well.
    return false
  }
}
