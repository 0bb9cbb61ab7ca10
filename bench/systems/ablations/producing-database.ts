import type { Kysely } from 'kysely'
import type { OutboxEvent } from '../../../apps/shared/messaging/outbox/outbox.ts'
import { type DatabaseOptions, openDatabase as open } from '../../../apps/shared/runtime/database.ts'
import { directProducer, type Produce } from './direct-producer.ts'
import { saidIn } from './outbox-in-memory.ts'

export * from '../../../apps/shared/runtime/database.ts'

/**
 * The dual write: what was said in a transaction is produced to Kafka once that has committed, and only then is it over
 * for its caller. A crash between the two loses the events; an error between them reaches the caller as if nothing had
 * been committed.
 */
export function openDatabase<DB>(options: DatabaseOptions): Kysely<DB> {
  const db = open<DB>(options)
  const begin = db.transaction.bind(db)
  // Late, for the relay has a database and no brokers.
  let produce: Produce | undefined
  db.transaction = () => {
    const [plain, producing] = [begin(), begin()]
    producing.execute = async (work) => {
      let said: readonly OutboxEvent[] = []
      const result = await plain.execute(async (trx) => {
        const done = await work(trx)
        said = saidIn(trx)
        return done
      })
      if (said.length > 0) {
        produce ??= directProducer(options)
        await produce(said)
      }
      return result
    }
    return producing
  }
  return db
}
