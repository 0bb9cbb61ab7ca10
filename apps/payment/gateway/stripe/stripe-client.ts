import Stripe from 'stripe'

export interface StripeOptions {
  /** `https://api.stripe.com`, or a stand-in. A path is not looked at. */
  readonly url: string
  readonly apiKey: string
  /** For one request; a call may need four. */
  readonly requestTimeoutMs: number
}

/**
 * Repeats nothing by itself: whoever calls repeats, with a delay and a horizon. The SDK's client over `fetch`, for over
 * `node:http` it sends a request once more whose connection was closed, retries or not: the first may have been performed,
 * and a 409 to the second would read as proof that nothing was. And its time-outs there begin anew with each byte; here one
 * ends the request, from connecting on.
 */
export function stripeClient({ url, apiKey, requestTimeoutMs }: StripeOptions): Stripe {
  const { hostname, port, protocol } = new URL(url)
  return new Stripe(apiKey, {
    host: hostname,
    protocol: protocol === 'http:' ? 'http' : 'https',
    ...(port === '' ? {} : { port }),
    timeout: requestTimeoutMs,
    maxNetworkRetries: 0,
    httpClient: Stripe.createFetchHttpClient(withoutRedirects),
    telemetry: false,
  })
}

/**
 * Opens a connection to the gateway that the first call finds open, with names, TLS and modules loaded. It asks for nothing
 * and carries no key. @throws when the gateway does not answer
 */
export async function openGateway(url: string, signal: AbortSignal): Promise<void> {
  const { body } = await fetch(url, { method: 'HEAD', signal, redirect: 'manual' })
  await body?.cancel()
}

/** Wherever they lead, our key has no business there. */
const withoutRedirects: typeof fetch = (url, init) => fetch(url, { ...init, redirect: 'error' })
