import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on 127.0.0.1 between a service and what it stands on: a network that can be broken. */
export interface Proxy {
  readonly port: number
  /** Resets every connection, and each new one at once. */
  cut(): void
  /** A black hole: connections live, new ones are taken, and not a byte comes through, either way. */
  swallow(): void
  /** Whole again. What was swallowed is delivered, as packets that are sent again would be. */
  mend(): void
  /** Connections that were reset, and those that hung: what proves that it struck. */
  readonly harmed: number
  close(): Promise<void>
}

export async function openProxy(targetPort: number): Promise<Proxy> {
  const pairs = new Map<Socket, Socket>()
  let mode: 'whole' | 'cut' | 'swallowing' = 'whole'
  let harmed = 0
  const all = () => [...pairs].flat()
  const server = createServer((client) => {
    if (mode === 'cut') {
      harmed += 1
      client.resetAndDestroy()
      return
    }
    const upstream = connect(targetPort, '127.0.0.1')
    pairs.set(client, upstream)
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
        pairs.delete(client)
      })
    }
    client.pipe(upstream)
    upstream.pipe(client)
    if (mode === 'swallowing') hang(client, upstream)
  })
  const hang = (...sockets: readonly Socket[]) => {
    harmed += 1
    for (const socket of sockets) socket.unpipe().pause()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut: () => {
      mode = 'cut'
      harmed += pairs.size
      for (const socket of all()) socket.resetAndDestroy()
    },
    swallow: () => {
      mode = 'swallowing'
      for (const [client, upstream] of pairs) hang(client, upstream)
    },
    mend: () => {
      mode = 'whole'
      for (const [client, upstream] of pairs) {
        client.pipe(upstream)
        upstream.pipe(client)
      }
    },
    get harmed() {
      return harmed
    },
    close: async () => {
      for (const socket of all()) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
