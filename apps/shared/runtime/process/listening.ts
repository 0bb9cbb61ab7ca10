import { once } from 'node:events'
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Listening {
  readonly port: number
  drain(times: DrainTimes): Promise<void>
}

export interface DrainTimes {
  /** For so long requests are still taken, and each answer asks the client to close its connection: ms. */
  readonly openMs: number
  /** Then no connection is taken, and requests under way have so long to end before theirs are cut: ms. */
  readonly endMs: number
}

const requestTimeoutMs = 30_000
const headersTimeoutMs = 10_000
/** Longer than the idle time of usual load balancers, lest one sends into a connection that we are closing. */
const keepAliveTimeoutMs = 65_000
const closeIdleEveryMs = 25

/** @throws Error with code EADDRINUSE, EACCES … when the port cannot be had */
export async function serveHttp(
  server: Server,
  { port, host = '127.0.0.1' }: { port: number; host?: string },
): Promise<Listening> {
  server.requestTimeout = requestTimeoutMs
  server.headersTimeout = headersTimeoutMs
  server.keepAliveTimeout = keepAliveTimeoutMs
  let draining = false
  // Before the app's own listener: it must know before it answers.
  server.prependListener('request', (_request, response) => {
    if (draining) response.shouldKeepAlive = false
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async drain({ openMs, endMs }) {
      draining = true
      await sleep(openMs)
      const closed = once(server, 'close')
      server.close()
      // Connections fall idle one by one, and Node closes only those that are idle at the moment of the call.
      const idle = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs)
      const late = setTimeout(() => server.closeAllConnections(), endMs)
      await closed
      clearInterval(idle)
      clearTimeout(late)
    },
  }
}
