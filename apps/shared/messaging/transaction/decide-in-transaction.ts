import type { EffectsOf } from '../context.ts'
import { failpoint } from '../lib/failpoint.ts'
import type { OpenTransaction, Vocabulary } from '../types/vocabulary.ts'
import { decideItems, type Resolved, type Work } from './decide-all.ts'

export interface Steps<V extends Vocabulary> {
  readonly prepare: (trx: OpenTransaction) => Promise<Work<V>>
  /** In the same transaction, when everything that was decided is written. */
  readonly conclude?: (trx: OpenTransaction, resolved: Resolved<V>) => Promise<void>
}

/**
 * Prepares, decides and concludes in one transaction, and once that has committed begins the calls that it led to.
 * Rejects with what kept it from committing: then nothing was decided and nobody is called.
 */
export async function decideInTransaction<V extends Vocabulary>(
  { db, participant, caller }: Pick<EffectsOf<V>, 'db' | 'participant' | 'caller'>,
  { prepare, conclude }: Steps<V>,
): Promise<Resolved<V>> {
  const taken: string[] = []
  const leasing = (kind: string): boolean => {
    const isFree = caller?.take(kind) ?? false
    if (isFree) taken.push(kind)
    return isFree
  }
  // A time-out that ends the session fails the rollback too, and its error would hide the first one.
  let failure: unknown
  const decided = await db
    .transaction()
    .execute(async (trx) => {
      try {
        const resolved = await decideItems(trx, participant, { ...(await prepare(trx)), leasing })
        await conclude?.(trx, resolved)
        return resolved
      } catch (error) {
        failure = error
        throw error
      }
    })
    .catch((error: unknown) => {
      for (const kind of taken) caller?.giveBack(kind)
      throw failure ?? error
    })
  failpoint('decide.committed')
  caller?.committed(decided)
  return decided
}
