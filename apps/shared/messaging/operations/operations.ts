import type { EffectsOf } from '../context.ts'
import type { Vocabulary } from '../types/vocabulary.ts'
import { type EffectFilter, type OutstandingEffect, outstandingEffects } from './outstanding-effects.ts'
import { type ParkingLot, parkingLot } from './parking-lot.ts'

/** What operators see of a participant, and what they can do. */
export interface Operations {
  readonly parking: ParkingLot
  /** Calls that are still to be made or decided on, the oldest first. */
  effects(filter: EffectFilter, limit: number): Promise<readonly OutstandingEffect[]>
}

export function operationsOf<V extends Vocabulary>(
  options: Pick<EffectsOf<V>, 'db' | 'participant' | 'log'>,
): Operations {
  return {
    parking: parkingLot(options),
    effects: (filter, limit) => outstandingEffects(options.db, filter, limit),
  }
}
