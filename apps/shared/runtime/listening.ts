import { once } from 'node:events'
import type { Server } from 'node:http'

export interface Listening {
  readonly port: number
  /** Takes no more connections, lets requests under way end for `timeoutMs`, then cuts the connections. */
  drain(timeoutMs: number): Promise<void>
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
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async drain(timeoutMs) {
      const closed = once(server, 'close')
      server.close()
      // Connections fall idle one by one, and Node closes only those that are idle at the moment of the call.
      const idle = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs)
      const late = setTimeout(() => server.closeAllConnections(), timeoutMs)
      await closed
      clearInterval(idle)
      clearTimeout(late)
    },
  }
}
