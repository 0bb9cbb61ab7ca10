import { decideItems, type Resolved, type Work } from './decide-all.ts'
import type { EffectsOf } from './effects.ts'
import type { OpenTransaction, Vocabulary } from './vocabulary.ts'

/**
 * Prepares and decides in one transaction, and once that has committed begins the calls that it led to. Rejects with
 * what kept it from committing: then nothing was decided and nobody is called.
 */
export async function decideInTransaction<V extends Vocabulary>(
  { db, participant, caller }: Pick<EffectsOf<V>, 'db' | 'participant' | 'caller'>,
  prepare: (trx: OpenTransaction) => Promise<Work<V>>,
): Promise<Resolved<V>> {
  const decided = await db.transaction().execute(async (trx) => {
    const work = await prepare(trx)
    return await decideItems(trx, participant, { ...work, leasing: caller?.free() ?? 0 })
  })
  caller?.committed(decided)
  return decided
}
