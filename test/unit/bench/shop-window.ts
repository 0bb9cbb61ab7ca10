import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'

export interface Asked {
  /** Counts up from `order-1`. */
  readonly orderId: string
  readonly key: string | string[] | undefined
  readonly authorization: string | undefined
  readonly body: string
  /** Answers 202 with an order id, or what is given instead. */
  answer(status?: number, body?: string): void
  /** Hangs up. */
  drop(): void
}

/** Where orders may be posted until the test has ended: an HTTP server on a free port, and all that it was asked so far. */
export async function openWindow(whenAsked: (asked: Asked, all: readonly Asked[]) => void) {
  const all: Asked[] = []
  let orders = 0
  const server = createServer((request, response) => {
    orders += 1
    void readAsked(request, response, `order-${orders}`).then((asked) => {
      all.push(asked)
      whenAsked(asked, all)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A server on a port has a port')
  return { all, orders: { url: `http://127.0.0.1:${address.port}/orders`, headers: { authorization: 'Bearer key' } } }
}

async function readAsked(request: IncomingMessage, response: ServerResponse, orderId: string): Promise<Asked> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  return {
    orderId,
    key: request.headers['idempotency-key'],
    authorization: request.headers.authorization,
    body,
    answer: (status = 202, text = JSON.stringify({ id: orderId })) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    },
    drop: () => request.socket.destroy(),
  }
}
