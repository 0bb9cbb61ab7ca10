import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { portOf } from './simulator.ts'

export interface StubRequest {
  /** Such as `POST /v1/payment_intents/pi_1/capture`, without a query. */
  readonly line: string
  readonly key: string | undefined
  readonly body: URLSearchParams
}

export interface StubAnswer {
  readonly status?: number
  readonly body: object
  /** The gateway says that it has given this answer under this key before. */
  readonly isReplayed?: boolean
  /** It comes byte by byte, and never to its end. */
  readonly isEndless?: boolean
}

export interface StripeStub extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly StubRequest[]
}

/** An HTTP server that answers in Stripe's shapes whatever a test wants said. */
export async function stripeStub(answer: (request: StubRequest) => StubAnswer): Promise<StripeStub> {
  const requests: StubRequest[] = []
  const respond = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await read(incoming)
    requests.push(request)
    const { status = 200, body, isReplayed = false, isEndless = false } = answer(request)
    const headers = { 'content-type': 'application/json', ...(isReplayed ? { 'idempotent-replayed': 'true' } : {}) }
    response.writeHead(status, headers)
    if (!isEndless) return void response.end(JSON.stringify(body))
    const dripping = setInterval(() => response.write(' '), 5)
    response.on('close', () => clearInterval(dripping))
  }
  const server = createServer((incoming, response) => void respond(incoming, response)).listen(0, '127.0.0.1')
  const port = await portOf(server)
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function read(incoming: IncomingMessage): Promise<StubRequest> {
  const { method, url = '', headers } = incoming
  const sent = new URL(url, 'http://stub')
  const body = new URLSearchParams(method === 'GET' ? sent.search : await text(incoming))
  const { 'idempotency-key': key } = headers
  return { line: `${method} ${sent.pathname}`, key: typeof key === 'string' ? key : undefined, body }
}

/** A payment intent of 12.00 EUR, as Stripe writes it. */
export const intent = (id: string, status: string, more: object = {}) => ({
  object: 'payment_intent',
  id,
  status,
  amount: 1_200,
  amount_capturable: status === 'requires_capture' ? 1_200 : 0,
  amount_received: status === 'succeeded' ? 1_200 : 0,
  currency: 'eur',
  created: 1_790_000_000,
  cancellation_reason: null,
  last_payment_error: null,
  latest_charge: null,
  metadata: {},
  ...more,
})

export const refund = (id: string, status: string, more: object = {}) => ({
  object: 'refund',
  id,
  status,
  amount: 500,
  currency: 'eur',
  metadata: {},
  ...more,
})

export const list = (...data: readonly object[]) => ({ object: 'list', has_more: false, url: '/', data })

export const failure = (type: string, more: object = {}) => ({ error: { type, message: 'so it is', ...more } })

/** What a gateway keeps saying under a key, once it has failed. */
export const spent: StubAnswer = { status: 500, body: failure('api_error'), isReplayed: true }
