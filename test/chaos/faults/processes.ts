import { setTimeout as sleep } from 'node:timers/promises'
import { components } from '../../../infra/index.ts'
import type { Struck, World } from '../round.ts'
import { participants, roomForMails, startAgain } from './participants.ts'

/** One service after the other is killed by SIGKILL, which and when by chance, and started again at once. */
export const randomKills =
  (forMs: number) =>
  async ({ shop, between }: World): Promise<Struck> => {
    const until = Date.now() + forMs
    const killed: string[] = []
    while (Date.now() < until) {
      await sleep(between(500, 4_000))
      const name = participants[between(0, participants.length - 1)] ?? 'payment'
      await shop.services.kill(name, 'SIGKILL')
      killed.push(name)
      await startAgain(shop, name)
    }
    return { how: `killed ${killed.length} times: ${killed.join(', ')}`, healedAt: Date.now() }
  }

/** Everything ends in mid-flow, and is started in an order of chance, none waiting for another. */
export const coldStart = async ({ shop, between }: World): Promise<Struck> => {
  const orders: string[] = []
  for (let round = 0; round < 3; round += 1) {
    await shop.services.stopAll()
    await shop.stack.stop()
    const names = shuffled(
      [...components, 'relay', 'gateway-simulator', 'mail-sink', ...participants] as const,
      between,
    )
    const starting = names.map(async (name, place) => {
      await sleep(place * 300)
      if (name === 'postgres' || name === 'kafka' || name === 'connect') await shop.stack.start(name)
      else if (name === 'mail-sink') await shop.services.start(name, roomForMails)
      else if (name === 'relay' || name === 'gateway-simulator') await shop.services.start(name)
      else await startAgain(shop, name)
    })
    await Promise.all(starting)
    orders.push(names.join(' '))
  }
  return { how: `started in these orders: ${orders.join('; ')}`, healedAt: Date.now() }
}

function shuffled<Item>(items: readonly Item[], between: World['between']): readonly Item[] {
  return items
    .map((item) => ({ item, at: between(0, 1_000_000) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item)
}
