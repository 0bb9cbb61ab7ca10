import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import Stripe from 'stripe'

/** A webhook as it came. */
export interface Received {
  readonly body: string
  readonly signature: string
  /** Whether Stripe's own library takes it for genuine, with its usual tolerance of five minutes. */
  readonly genuine: boolean
  readonly event: Stripe.Event
}

/** Takes webhooks, keeps each one, and answers what `answer` says: 200 unless told otherwise. */
export async function receiveWebhooks(secret: string, port = 0) {
  const received: Received[] = []
  const receiver: { answer: (webhook: Received) => number; received: readonly Received[] } = {
    answer: () => 200,
    received,
  }
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request)
    const signature = String(request.headers['stripe-signature'])
    const webhook = { body, signature, genuine: isGenuine(body, signature, secret), event: JSON.parse(body) }
    received.push(webhook)
    response.writeHead(receiver.answer(webhook)).end()
  }
  const server = createServer((request, response) => void take(request, response)).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${address.port}/webhooks`,
    port: address.port,
    /** The types that came about an intent, a charge of it or a refund of it. */
    typesOf: (intentId: string) =>
      received.filter(({ body }) => body.includes(`"${intentId}"`)).map(({ event }) => event.type),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}

function isGenuine(body: string, signature: string, secret: string): boolean {
  try {
    Stripe.webhooks.constructEvent(body, signature, secret)
    return true
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false
    throw error
  }
}
