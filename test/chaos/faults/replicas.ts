import { balance, drainMs } from '../../support/system/balancer.ts'
import type { Shop } from '../../support/system/shop.ts'
import type { Struck } from '../round.ts'
import { eventually } from './eventually.ts'
import { membersOf, type ParticipantName, participants, secondOf, startAgain } from './participants.ts'

const draining = { DRAIN_MS: String(drainMs) }

/** Two of each service behind a balancer, and every process of them is restarted in its turn. */
export async function openReplicas(shop: Shop) {
  const second = await secondOf(shop)
  const ended = new AbortController()
  const both = async (name: ParticipantName): Promise<void> => {
    await shop.services.stop(name)
    await Promise.all([startAgain(shop, name, draining), second.services.start(name, draining)])
  }
  await Promise.all(participants.map(both))
  const balancer = balance([shop.ports.order, second.orderPort], ended.signal)
  return {
    port: () => balancer.next(),
    restartEach: async (): Promise<Struck> => {
      let restarted = 0
      // The two of a service one after the other; the services know nothing of each other, and roll at the same time.
      const roll = async (name: ParticipantName): Promise<void> => {
        for (const services of [shop.services, second.services]) {
          await services.stop(name)
          if (services === shop.services) await startAgain(shop, name, draining)
          else await services.start(name, draining)
          await eventually(async () => (await membersOf(shop, name)) === 2)
          restarted += 1
        }
      }
      await Promise.all(participants.map(roll))
      return { how: `${restarted} processes restarted, two of each service`, healedAt: Date.now() }
    },
    /** @param start how the first of each runs again: as in all rounds, unless given */
    close: async (start = (name: ParticipantName) => startAgain(shop, name)) => {
      ended.abort()
      await balancer.ended
      const one = async (name: ParticipantName): Promise<void> => {
        await Promise.all([second.services.stop(name), shop.services.stop(name)])
        await start(name)
      }
      await Promise.all(participants.map(one))
    },
  }
}
