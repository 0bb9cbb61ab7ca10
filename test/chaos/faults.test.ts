import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limitMs } from '../support/limits.ts'
import { openShop } from '../support/system/shop.ts'
import { faults } from './faults/all.ts'
import { participants, roomForMails, startAgain } from './faults/participants.ts'
import { round } from './round.ts'
import { chosenFault, seed } from './settings.ts'

const shop = openShop()
const minuteMs = 60_000

describe(`under load, with SEED=${seed}`, () => {
  beforeAll(async () => {
    await shop.services.stop('mail-sink')
    await shop.services.start('mail-sink', roomForMails)
    for (const name of participants) {
      await shop.services.stop(name)
      await startAgain(shop, name)
    }
  })
  afterAll(() => void process.stdout.write(`SEED=${seed} repeats this run\n`))

  const chosen = faults.filter(({ id }) => chosenFault === '' || id === chosenFault)
  if (chosen.length === 0) throw new Error(`FAULT is one of ${[...new Set(faults.map(({ id }) => id))].join(', ')}`)
  it.each(chosen)(
    '$id $name: nothing is lost and nothing done twice',
    { timeout: limitMs(15 * minuteMs) },
    async (fault) => {
      const plan = typeof fault.plan === 'function' ? await fault.plan(shop) : fault.plan
      try {
        const { wrong, line } = await round(shop, { seed, name: `${fault.id} ${fault.name}`, ...plan })
        process.stdout.write(`${fault.id} ${fault.name}: ${line}\n`)
        expect(wrong.slice(0, 5), `${wrong.length} in all`).toEqual([])
      } finally {
        await plan.close?.()
      }
    },
  )
})
