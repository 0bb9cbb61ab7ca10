import { describe, expect, it } from 'vitest'
import { build } from './build.ts'
import { campaign, type Failure } from './campaign/campaign.ts'
import { Choices, seedOf } from './campaign/choices.ts'
import { shrink } from './campaign/shrink.ts'
import { mistakes } from './mistakes.ts'
import type { Build } from './world/simulated.ts'
import { World } from './world/world.ts'

/** Three seconds of one core. `make simulate` goes on from other seeds. */
const runs = 6_000
const seed = 20_261_122
/** By far enough for each mistake that is planted. */
const runsMax = 5_000

describe('the simulation', () => {
  it('ends every saga where it may, whatever strikes', () => {
    const { failure, missed } = campaign({ build, seed, runs })
    expect(failure && inWords(build, failure)).toBeUndefined()
    // Void otherwise: what never struck was not survived.
    expect(missed).toEqual([])
  })

  it('tells the same of the same seed', () => {
    expect(campaign({ build, seed, runs: 150 })).toEqual(campaign({ build, seed, runs: 150 }))
    for (const run of [3, 5, 8]) expect(historyOf(run)).toEqual(historyOf(run))
    expect(campaign({ build, seed: seed + 1, runs: 150 })).not.toEqual(campaign({ build, seed, runs: 150 }))
  })

  it('says which faults and wishes it has never met', () => {
    expect(campaign({ build, seed, runs: 1 }).missed).toContain('the void is refused')
  })

  it.each(Object.entries(mistakes))('finds %s', (_name, mistake) => {
    const { failure } = campaign({ build: mistake.build, seed, runs: runsMax })
    expect(failure?.broken).toMatch(mistake.breaks)
  })

  it('tells a failure by a short history of it', () => {
    const mistake = mistakes['a new idempotency key for every attempt']?.build ?? build
    const { failure } = campaign({ build: mistake, seed, runs: runsMax })
    if (failure === undefined) throw new Error('nothing was found')
    const { history, tape } = shrink(mistake, failure.tape, failure.broken)
    expect(new World(mistake, new Choices(tape)).run().broken).toBe(failure.broken)
    expect(history.length).toBeLessThan(25)
    expect(history.filter((line) => line.includes('!')).length).toBe(1)
  })
})

function historyOf(run: number): readonly string[] {
  const history: string[] = []
  new World(build, new Choices(seedOf(seed, run)), (line) => history.push(line)).run()
  return history
}

const inWords = (failing: Build, { broken, run, tape }: Failure): readonly string[] => [
  `${broken}: make simulate SEED=${seed}:${run}`,
  ...shrink(failing, tape, broken).history,
]
