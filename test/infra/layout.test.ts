import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crashAt } from '../chaos/crash-points.ts'
import { round } from '../chaos/round.ts'
import { limitMs } from '../support/limits.ts'
import { databasesOf } from '../support/system/layout.ts'
import { openShop } from '../support/system/shop.ts'
import { startSystem } from '../support/system/system.ts'

describe('a database for each service', () => {
  let system: Awaited<ReturnType<typeof startSystem>>
  beforeAll(async () => {
    system = await startSystem('layout', databasesOf('each'))
  })
  afterAll(() => system.stop())

  it('has a connector for each, and no change of code', async () => {
    const { stack } = openShop(system)
    const response = await fetch(`${stack.endpoints.connectUrl}/connectors`)
    expect(await response.json()).toEqual(
      expect.arrayContaining(Object.values(system.databases).map((name) => `${name}-outbox`)),
    )
  })

  it('keeps what is promised when a service dies', { timeout: limitMs(120_000) }, async (test) => {
    const strike = crashAt('payment', [{ name: 'decide.committed', passage: 2 }])
    const { wrong, line } = await round(openShop(system), { name: 'layout', seed: 20_261_123, strike })
    await test.annotate(line)
    expect(wrong).toEqual([])
  })
})
