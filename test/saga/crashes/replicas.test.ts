import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { membersOf, participants } from '../../chaos/faults/participants.ts'
import { openReplicas } from '../../chaos/faults/replicas.ts'
import { round } from '../../chaos/round.ts'
import { limitMs } from '../../support/limits.ts'
import { openShop } from '../../support/system/shop.ts'

describe('two of each service', () => {
  const shop = openShop()
  let replicas: Awaited<ReturnType<typeof openReplicas>>
  beforeAll(async () => {
    replicas = await openReplicas(shop)
  })
  afterAll(async () => {
    await replicas.close((name) => shop.services.start(name))
  })

  it('share the partitions', async () => {
    for (const name of participants) {
      await expect.poll(() => membersOf(shop, name), { timeout: limitMs(40_000), interval: 100 }).toBe(2)
    }
  })

  it('are restarted one after the other under load, and no request fails', {
    timeout: limitMs(180_000),
  }, async (test) => {
    const { port, restartEach: strike } = replicas
    const options = { name: 'replicas', seed: 20_261_123, perSecond: 15, port, strike, failsNoRequest: true }
    const { wrong, line } = await round(shop, options)
    await test.annotate(line)
    expect(wrong).toEqual([])
  })
})
