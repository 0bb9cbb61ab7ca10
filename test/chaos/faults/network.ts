import { setTimeout as sleep } from 'node:timers/promises'
import { openProxy, type Proxy } from '../proxy.ts'
import type { Struck, World } from '../round.ts'
import { type ParticipantName, participants, withOverrides } from './participants.ts'

const rerouting = new URL('../reroute.ts', import.meta.url).href

/** Reset at first, then a black hole: between every service and its database. */
export const databaseCut =
  (forMs: number) =>
  async (world: World): Promise<Struck> => {
    const { stack, databases, stackPorts } = world.shop
    const variables = {
      order: 'ORDER_DATABASE_URL',
      payment: 'PAYMENT_DATABASE_URL',
      notification: 'NOTIFICATION_DATABASE_URL',
    }
    return await cut(world, { from: 'its database', port: stackPorts.postgres, forMs }, (name, port) => {
      const url = new URL(stack.endpoints.databaseUrl(`${name}_service`, databases[`${name}_service`]))
      url.port = String(port)
      return { [variables[name]]: url.href }
    })
  }

/** The same between every service and the broker. */
export const brokerCut =
  (forMs: number) =>
  async (world: World): Promise<Struck> => {
    const { kafka } = world.shop.stackPorts
    return await cut(world, { from: 'the broker', port: kafka, forMs }, (_name, port) => ({
      NODE_OPTIONS: `--import=${rerouting}`,
      REROUTE: `${kafka}:${port}`,
    }))
  }

interface Cut {
  readonly from: string
  readonly port: number
  readonly forMs: number
}

/** Each service has a proxy of its own, so that none is spared. It must come back by itself each time. */
async function cut(
  { shop, load }: World,
  { from, port, forMs }: Cut,
  settings: (name: ParticipantName, port: number) => Readonly<Record<string, string>>,
): Promise<Struck> {
  const proxies = new Map<ParticipantName, Proxy>()
  for (const name of participants) proxies.set(name, await openProxy(port))
  const each = (strike: (proxy: Proxy) => void) => proxies.forEach(strike)
  const harmed = () => Array.from(proxies, ([, proxy]) => proxy.harmed)
  try {
    return await withOverrides(
      shop,
      (name) => settings(name, proxies.get(name)?.port ?? 0),
      async () => {
        each((proxy) => proxy.cut())
        await sleep(forMs)
        const reset = harmed()
        each((proxy) => proxy.mend())
        await load.onePaid(shop)
        each((proxy) => proxy.swallow())
        await sleep(forMs)
        const hung = harmed().map((count, index) => count - (reset[index] ?? 0))
        each((proxy) => proxy.mend())
        const healedAt = Date.now()
        await load.onePaid(shop)
        if ([...reset, ...hung].some((count) => count === 0))
          throw new Error(`reset: ${reset.join()}; hung: ${hung.join()}`)
        const how = `cut from ${from} for ${forMs} ms, twice: ${reset.join(', ')} connections reset, ${hung.join(', ')} hung`
        return { how, healedAt }
      },
    )
  } finally {
    for (const proxy of proxies.values()) await proxy.close()
  }
}
