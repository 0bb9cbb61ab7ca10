import type { LeasedEffect } from '../../../apps/shared/messaging/transaction/effect-rows.ts'
import type { OpenTransaction, Vocabulary } from '../../../apps/shared/messaging/types/vocabulary.ts'

// In place of the table of effects: no table at all. Calls begin right after the commit that decided on them and their
// outcomes are decided as ever. A crash between the two loses them, and one without an answer is not made again.

/** No row is left behind by anybody. */
export const leaseEffects = (): Promise<readonly never[]> => Promise.resolve([])

/** Nobody else could have taken them. */
export const deleteLeased = (
  _trx: OpenTransaction,
  leases: readonly Pick<LeasedEffect<Vocabulary>, 'id'>[],
): Promise<ReadonlySet<string>> => Promise.resolve(new Set(leases.map(({ id }) => id)))

/** There is nowhere to note it. The caller has logged why the call failed, and its order is left hanging. */
export const postpone = (): Promise<boolean> => Promise.resolve(false)
