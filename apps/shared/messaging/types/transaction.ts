import type { QueryExecutorProvider } from 'kysely'
import type { OpenTransaction } from './vocabulary.ts'

/** What the library needs of a pool; every `Kysely` is one. */
export interface TransactionSource extends QueryExecutorProvider {
  transaction(): { execute<Result>(work: (trx: OpenTransaction) => Promise<Result>): Promise<Result> }
}
