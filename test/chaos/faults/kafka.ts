import { setTimeout as sleep } from 'node:timers/promises'
import type { Struck, World } from '../round.ts'
import { eventually } from './eventually.ts'
import { membersOf, type ParticipantName, secondOf } from './participants.ts'

/** Killed by SIGKILL, and back after each of these times. */
export const brokerKilled =
  (...awayMs: readonly number[]) =>
  async ({ shop: { stack }, load }: World): Promise<Struck> => {
    for (const ms of awayMs) {
      await stack.kill('kafka', 'SIGKILL')
      // Orders are taken all the time: they need no broker.
      await Promise.all([sleep(ms), load.more(5)])
      await stack.start('kafka')
    }
    return { how: `the broker killed ${awayMs.length} times, away for ${awayMs.join(', ')} ms`, healedAt: Date.now() }
  }

/** Stopped for longer than a session, and woken: it believes that no time has passed. */
export const brokerFrozen =
  (forMs: number) =>
  async ({ shop: { stack }, load }: World): Promise<Struck> => {
    await stack.kill('kafka', 'SIGSTOP')
    const { state } = (await stack.status()).find(({ name }) => name === 'kafka') ?? {}
    await sleep(forMs)
    await load.more(5)
    await stack.kill('kafka', 'SIGCONT')
    if (state !== 'paused') throw new Error(`the broker was ${state}`)
    return { how: `the broker frozen for ${forMs} ms`, healedAt: Date.now() }
  }

/** A consumer that was frozen for longer than its session wakes with a batch in hand that is another's by now. */
export const consumerFrozen = async ({ shop, load }: World): Promise<Struck> => {
  const second = await secondOf(shop)
  const names: readonly ParticipantName[] = ['payment', 'order', 'notification']
  try {
    for (const name of names) {
      await second.services.start(name)
      await eventually(async () => (await membersOf(shop, name)) === 2)
      await shop.services.kill(name, 'SIGSTOP')
      try {
        // The group has shared its partitions out to the other.
        await eventually(async () => (await membersOf(shop, name)) === 1)
        if (name !== 'order') await load.more(10)
      } finally {
        await shop.services.kill(name, 'SIGCONT')
      }
      await eventually(async () => (await membersOf(shop, name)) === 2)
    }
  } finally {
    for (const name of names) await second.services.stop(name)
  }
  return { how: `${names.join(', ')} frozen until the other one had their partitions, and woken`, healedAt: Date.now() }
}

/** A second consumer comes and goes every three seconds. */
export const rebalanceStorm =
  (forMs: number) =>
  async ({ shop }: World): Promise<Struck> => {
    const second = await secondOf(shop)
    const until = Date.now() + forMs
    let joined = 0
    try {
      while (Date.now() < until) {
        await second.services.start('payment')
        await eventually(async () => (await membersOf(shop, 'payment')) === 2)
        joined += 1
        if (joined % 2 === 0) await second.services.kill('payment', 'SIGKILL')
        else await second.services.stop('payment')
        await sleep(1_500)
      }
    } finally {
      await second.services.stop('payment')
    }
    if (joined < forMs / 10_000) throw new Error(`joined only ${joined} times`)
    return {
      how: `a second payment service joined and left ${joined} times, killed every other time`,
      healedAt: Date.now(),
    }
  }
