import { describe, expect, it } from 'vitest'
import { limitMs } from '../../support/limits.ts'
import { openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(40_000), interval: 50 }

describe('a service that is stopped while orders flow', () => {
  it.each(['order', 'payment', 'notification'] as const)(
    '%s: ends in order, goes on after its start, and every card is charged once',
    async (service) => {
      const placed = await Promise.all(Array.from({ length: 30 }, () => shop.place()))
      await shop.services.stop(service)
      expect((await shop.services.status()).find(({ name }) => name === service)?.state).toBe('stopped')
      await shop.services.start(service)
      const ids = placed.map(({ id }) => id)
      await expect
        .poll(
          async () =>
            (await Promise.all(ids.map((id) => shop.get(id)))).filter(({ status }) => status === 'paid').length,
          within,
        )
        .toBe(ids.length)
      for (const id of ids) {
        expect(await shop.charges(id)).toMatchObject([{ captured: { count: 1 } }])
        await expect.poll(async () => (await shop.mails(id)).length, within).toBe(1)
      }
    },
  )
})
