import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openGateway } from '../../../../apps/payment/gateway/stripe/stripe-client.ts'

const listening = z.object({ port: z.number() })

it('opens a connection to the gateway, asks for nothing and shows no key', async () => {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${listening.parse(server.address()).port}`
  await openGateway(url, new AbortController().signal)
  expect(requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([['HEAD', undefined]])
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
  await expect(openGateway(url, new AbortController().signal)).rejects.toThrow('fetch failed')
})
