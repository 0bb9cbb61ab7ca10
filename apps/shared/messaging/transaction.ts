import type { OpenTransaction } from './vocabulary.ts'

/** What the library needs of a pool; every `Kysely` is one. */
export interface TransactionSource {
  transaction(): { execute<Result>(work: (trx: OpenTransaction) => Promise<Result>): Promise<Result> }
}
