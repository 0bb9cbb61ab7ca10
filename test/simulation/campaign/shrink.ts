import type { Build } from '../world/simulated.ts'
import { World } from '../world/world.ts'
import { Choices, type Tape } from './choices.ts'

/** Some seconds. */
const attemptsMax = 5_000

export interface Shrunk {
  readonly tape: Tape
  /** What happened, in order. */
  readonly history: readonly string[]
}

/**
 * Looks for the shortest history that breaks the same law: leaves out what was chosen, first all about one subject, then
 * in ever smaller pieces, and makes what is left smaller, until nothing helps any more.
 */
export function shrink(build: Build, tape: Tape, broken: string): Shrunk {
  const best = bestOf(build, tape, broken)
  for (let before: Tape | undefined; before !== best.tape; ) {
    before = best.tape
    for (const about of best.tape.keys()) best.tryOut(best.tape, new Map([[about, []]]))
    for (let size = 32; size >= 1; size >>= 1) {
      for (let at = 0; at < placesOf(best.tape).length; at += size) {
        while (best.tryOut(best.tape, withZeros(best.tape, placesOf(best.tape).slice(at, at + size))));
      }
    }
    for (const [about, at] of placesOf(best.tape)) {
      const choices = best.tape.get(about) ?? []
      best.tryOut(best.tape, new Map([[about, choices.toSpliced(at, 1)]]))
      lower(best, about, at)
    }
  }
  const history: string[] = []
  new World(build, new Choices(best.tape), (line) => history.push(line)).run()
  return { tape: best.tape, history: [...history, `BROKEN: ${broken}`] }
}

interface Best {
  tape: Tape
  /** @returns whether the law is still broken with these changes, and by something simpler */
  tryOut(tape: Tape, changes: Tape): boolean
}

function bestOf(build: Build, tape: Tape, broken: string): Best {
  let attempts = 0
  const best: Best = {
    tape: trimmed(tape),
    tryOut: (from, changes) => {
      attempts += 1
      if (attempts > attemptsMax) return false
      const choices = new Choices(new Map([...from, ...changes]))
      if (new World(build, choices).run().broken !== broken) return false
      const taken = trimmed(choices.taken)
      if (!isSimpler(taken, best.tape)) return false
      best.tape = taken
      return true
    },
  }
  return best
}

function lower(best: Best, about: string, at: number): void {
  const choice = best.tape.get(about)?.[at] ?? 0
  for (let less = 0; less < choice; less = Math.max(less + 1, (less + choice) >> 1)) {
    const choices = best.tape.get(about) ?? []
    if (at < choices.length && best.tryOut(best.tape, new Map([[about, choices.with(at, less)]]))) return
  }
}

type Place = readonly [about: string, at: number]

/** Of every choice that is not plain. */
const placesOf = (tape: Tape): readonly Place[] =>
  [...tape].flatMap(([about, choices]) =>
    choices.flatMap((choice, at): readonly Place[] => (choice === 0 ? [] : [[about, at]])),
  )

function withZeros(tape: Tape, places: readonly Place[]): Tape {
  const byAbout = Map.groupBy(places, ([about]) => about)
  return new Map(
    [...byAbout].map(([about, zeros]) => {
      const ats = new Set(zeros.map(([, at]) => at))
      return [about, (tape.get(about) ?? []).map((choice, at) => (ats.has(at) ? 0 : choice))]
    }),
  )
}

/** Zeros at the end say nothing. */
function trimmed(tape: Tape): Tape {
  const trimmedOnes = [...tape].map(
    ([about, choices]) => [about, choices.slice(0, choices.findLastIndex((choice) => choice !== 0) + 1)] as const,
  )
  return new Map(trimmedOnes.filter(([, { length }]) => length > 0))
}

function isSimpler(one: Tape, other: Tape): boolean {
  const [ones, others] = [[...one.values()].flat(), [...other.values()].flat()]
  const difference = weight(ones) - weight(others) || total(ones) - total(others) || ones.length - others.length
  return difference < 0
}

const weight = (choices: readonly number[]): number => choices.filter((choice) => choice !== 0).length
const total = (choices: readonly number[]): number => choices.reduce((sum, choice) => sum + choice, 0)
