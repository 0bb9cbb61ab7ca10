import type { Caller, EffectsOf } from '../context.ts'
import { pause } from '../lib/pause.ts'
import type { LeasedEffect } from '../transaction/effect-rows.ts'
import type { Vocabulary } from '../types/vocabulary.ts'
import { carryOut } from './effect-calls.ts'
import { leaseEffects } from './leases.ts'
import { settle } from './outcomes.ts'
import { allPlaces, Places } from './places.ts'

export interface EffectRunner<V extends Vocabulary> extends Caller<V> {
  /**
   * Resolves after the signal, when the calls under way have ended and their outcomes are decided. To be asked when
   * nobody commits any more: a transaction that was open at the signal may have leased some.
   */
  ended(): Promise<void>
}

/** Effects of crashed processes and postponed ones are found at this interval; our own wake us. */
const pollMs = 250

/** Leases due effects, calls outside any transaction, and feeds each outcome to `decide`, until the signal. */
export function startEffectRunner<V extends Vocabulary>(options: EffectsOf<V>, signal: AbortSignal): EffectRunner<V> {
  const { db, participant, log, troubles } = options
  if (Object.keys(participant.effects).length === 0) return noEffects
  const calls = new Set<Promise<void>>()
  let woken = new AbortController()
  const wake = (): void => woken.abort(early)
  const places = new Places(participant, wake)
  const begin = (leased: readonly LeasedEffect<V>[]): void => {
    for (const effect of leased) {
      const call = carryOut(options, outcomes, effect).finally(() => {
        calls.delete(call)
        places.give(effect.effect.type, 1)
      })
      calls.add(call)
    }
  }
  const caller: Caller<V> = {
    // None while stopping: what nobody has leased, another process takes at once.
    take: (kind) => !signal.aborted && places.take(kind, 1) === 1,
    giveBack: (kind) => places.give(kind, 1),
    committed: ({ fold, leased }) => {
      begin(leased)
      if (fold.emitted.length > leased.length) wake()
    },
  }
  const outcomes = settle({ ...options, caller })

  const look = async (): Promise<number> => {
    const held = places.takeHalf()
    try {
      if (held.size === 0) return 0
      const leased = await leaseEffects(db, participant, held)
      troubles.clear('effects')
      for (const { effect } of leased) held.set(effect.type, (held.get(effect.type) ?? 0) - 1)
      begin(leased)
      return leased.length
    } finally {
      for (const [kind, count] of held) places.give(kind, count)
    }
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      woken = new AbortController()
      const count = await look().catch((error: unknown) => {
        log.warn({ err: error }, 'effects could not be leased, trying again')
        troubles.note('effects', error)
        return 0
      })
      if (count === 0) await pause(pollMs, AbortSignal.any([signal, woken.signal]))
    }
  }
  const running = run()
  const ended = async (): Promise<void> => {
    await running
    while (calls.size > 0) await Promise.all(calls)
  }
  return { ...caller, ended }
}

/** A reason for an abort that nobody reads: without one Node makes an error, with its stack, each time. */
const early = 'woken'
const noEffects = {
  take: () => false,
  giveBack: () => undefined,
  committed: () => undefined,
  ended: () => Promise.resolve(),
}

/** One round for tests and tools. @returns how many effects were due. */
export async function runEffectsOnce<V extends Vocabulary>(options: EffectsOf<V>): Promise<number> {
  const outcomes = settle(options)
  const { db, participant } = options
  const leased = await leaseEffects(db, participant, allPlaces(participant))
  await Promise.all(leased.map((effect) => carryOut(options, outcomes, effect)))
  return leased.length
}
