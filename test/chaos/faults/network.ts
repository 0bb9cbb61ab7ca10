import { setTimeout as sleep } from 'node:timers/promises'
import type { Shop } from '../../support/shop.ts'
import { openProxy, type Proxy } from '../proxy.ts'
import type { Struck, World } from '../round.ts'
import { participants, withOverrides } from './participants.ts'

const rerouting = new URL('../reroute.ts', import.meta.url).href

/** Reset at first, then a black hole: between every service and its database. */
export const databaseCut =
  (forMs: number) =>
  async ({ shop }: World): Promise<Struck> => {
    const proxy = await openProxy(shop.stackPorts.postgres)
    const through = (role: keyof Shop['databases']) => {
      const url = new URL(shop.stack.endpoints.databaseUrl(role, shop.databases[role]))
      url.port = String(proxy.port)
      return url.href
    }
    const overrides = {
      ORDER_DATABASE_URL: through('order_service'),
      PAYMENT_DATABASE_URL: through('payment_service'),
      NOTIFICATION_DATABASE_URL: through('notification_service'),
    }
    return await withOverrides(shop, overrides, () => broken(proxy, 'the database', forMs))
  }

/** The same between every service and the broker. */
export const brokerCut =
  (forMs: number) =>
  async ({ shop }: World): Promise<Struck> => {
    const proxy = await openProxy(shop.stackPorts.kafka)
    const overrides = {
      NODE_OPTIONS: `--import=${rerouting}`,
      REROUTE: `${shop.stackPorts.kafka}:${proxy.port}`,
    }
    return await withOverrides(shop, overrides, () => broken(proxy, 'the broker', forMs))
  }

async function broken(proxy: Proxy, from: string, forMs: number): Promise<Struck> {
  proxy.cut()
  await sleep(forMs)
  const reset = proxy.harmed
  proxy.mend()
  await sleep(forMs)
  proxy.swallow()
  await sleep(forMs)
  const hung = proxy.harmed - reset
  proxy.mend()
  const healedAt = Date.now()
  if (reset < participants.length || hung < participants.length)
    throw new Error(`${reset} connections reset, ${hung} hung`)
  return { how: `cut from ${from} for ${forMs} ms, twice: ${reset} connections reset, ${hung} hung`, healedAt }
}
