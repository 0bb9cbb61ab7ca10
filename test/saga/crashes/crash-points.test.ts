import { afterAll, describe, expect, it } from 'vitest'
import { crashAt } from '../../chaos/crash-points.ts'
import { type ParticipantName, participants } from '../../chaos/faults/participants.ts'
import { round } from '../../chaos/round.ts'
import { limitMs } from '../../support/limits.ts'
import { openShop } from '../../support/system/shop.ts'

const shop = openShop()
const seed = 20_261_123

/** Those that most would get wrong. `make chaos` goes through all, at more than their first passage. */
const selection: readonly (readonly [ParticipantName, readonly string[]])[] = [
  ['order', ['decide.written', 'placing.committed']],
  ['payment', ['decide.written', 'decide.committed', 'effect.deleted', 'offsets.uncommitted']],
]

describe('a service that dies where it makes a difference', () => {
  afterAll(async () => {
    for (const name of participants) {
      await shop.services.stop(name)
      await shop.services.start(name)
    }
  })

  it.for(selection)(
    '%s: nothing is lost and nothing done twice',
    { timeout: limitMs(120_000) },
    async ([service, names], test) => {
      const strike = crashAt(
        service,
        names.map((name) => ({ name, passage: 1 })),
      )
      const { wrong, line } = await round(shop, { name: `crash-points-${service}`, seed, strike })
      await test.annotate(line)
      expect(wrong).toEqual([])
    },
  )
})
