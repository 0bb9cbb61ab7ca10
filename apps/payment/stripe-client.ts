import Stripe from 'stripe'

export interface StripeOptions {
  /** `https://api.stripe.com`, or a stand-in. A path is not looked at. */
  readonly url: string
  readonly apiKey: string
  /** For one request; a call may need four. */
  readonly requestTimeoutMs: number
}

/** Repeats nothing by itself: whoever calls repeats, with a delay and a horizon. */
export function stripeClient({ url, apiKey, requestTimeoutMs }: StripeOptions): Stripe {
  const { hostname, port, protocol } = new URL(url)
  return new Stripe(apiKey, {
    host: hostname,
    protocol: protocol === 'http:' ? 'http' : 'https',
    ...(port === '' ? {} : { port }),
    timeout: requestTimeoutMs,
    maxNetworkRetries: 0,
    httpClient: withoutHiddenRetry(Stripe.createNodeHttpClient()),
    telemetry: false,
  })
}

/**
 * The SDK sends a request whose connection was closed once more, retries or not. The first may have been performed, and
 * a 409 or 429 to the second would read as proof that nothing was. It knows such a failure by its code, so that is hidden.
 */
function withoutHiddenRetry(client: Stripe.HttpClient): Stripe.HttpClient {
  return {
    getClientName: () => client.getClientName(),
    makeRequest: async (...request) => {
      try {
        return await client.makeRequest(...request)
      } catch (error) {
        const closed = error instanceof Error && 'code' in error && closedCodes.has(error.code)
        throw closed ? new Error('the connection was closed', { cause: error }) : error
      }
    },
  }
}
const closedCodes: ReadonlySet<unknown> = new Set(Stripe.HttpClient.CONNECTION_CLOSED_ERROR_CODES)
