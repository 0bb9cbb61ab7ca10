import { describe, expect, it } from 'vitest'
import { openShop } from '../support/shop.ts'
import { crashAt, crashPoints } from './crash-points.ts'
import { participants } from './faults/participants.ts'
import { round } from './round.ts'
import { chosenFault, chosenPoint, seed } from './settings.ts'

const shop = openShop()
const minuteMs = 60_000
/** Some mistakes show only when the process has a history. */
const passages = [1, 2, 5]

const rounds = participants.flatMap((service) =>
  passages.map((passage) => ({
    service,
    passage,
    points: crashPoints[service]
      .filter((name) => `${service}/${name}`.includes(chosenPoint))
      .map((name) => ({ name, passage })),
  })),
)
const isChosen = chosenFault === '' || chosenFault === 'F15'

describe.skipIf(!isChosen)('a service that dies at every point where that makes a difference', () => {
  it.each(rounds.filter(({ points }) => points.length > 0))(
    'F15 $service, passage $passage: nothing is lost and nothing done twice',
    { timeout: 10 * minuteMs },
    async ({ service, passage, points }) => {
      const name = `F15-${service}-${passage}`
      const { wrong, line } = await round(shop, { seed, name, strike: crashAt(service, points) })
      process.stdout.write(`F15 ${line}\n`)
      expect(wrong.slice(0, 5), `${wrong.length} in all`).toEqual([])
    },
  )
})
