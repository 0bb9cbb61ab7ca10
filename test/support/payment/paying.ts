import { randomUUIDv7 } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { vi } from 'vitest'
import { type AggregateInput, decideAll, type OpenTransaction } from '#messaging'
import { sealOnce } from '../../../apps/payment/ledger/ledger-sealer.ts'
import type { PaymentParticipant } from '../../../apps/payment/saga.ts'
import type { PaymentDatabase } from '../../../apps/payment/tables.ts'
import type { PaymentVocabulary } from '../../../apps/payment/vocabulary.ts'
import { ids, inputNamed } from '../../unit/payment/decide/inputs.ts'
import { limitMs } from '../limits.ts'
import { freshDatabase } from '../system/database.ts'
import { uncalled } from './paying-order.ts'

export const paid = ['OrderPlaced', 'Held', 'OrderConfirmed', 'Captured'] as const
export const refunded = [...paid, 'refund r1 300', 'Refunded r1 300'] as const

/** Answers are fed without the effects that they answer, and those would be in each other's way. */
const inOwnLane = <Handler extends object>(handler: Handler) => ({ ...handler, lane: () => `${randomUUIDv7()}` })
const { Authorise, Capture, Void, Refund } = uncalled.effects
const participant: PaymentParticipant = {
  ...uncalled,
  effects: {
    Authorise: inOwnLane(Authorise),
    Capture: inOwnLane(Capture),
    Void: inOwnLane(Void),
    Refund: inOwnLane(Refund),
  },
}

/** The payment service's tables, and payments brought to where a test wants them. No gateway: answers are fed. */
export async function paying(serverUrl: string) {
  const database = await freshDatabase(serverUrl)
  const db = database.open<PaymentDatabase>('payment_service', 5)
  const admin = database.open<PaymentDatabase>('postgres', 1)
  let causes = 0
  const inputsOf = (orderId: string, names: readonly string[]): readonly AggregateInput<PaymentVocabulary>[] =>
    names.map((name) => {
      const input = inputNamed(name)
      causes += 1
      const cause = { id: `m${causes}`, traceparent: '' }
      return { key: orderId, input: input.type === 'OrderPlaced' ? { ...input, orderId } : input, cause }
    })
  const feedIn = (trx: OpenTransaction, orderId: string, names: readonly string[]) =>
    decideAll(trx, participant, inputsOf(orderId, names))
  const feed = (orderId: string, ...names: readonly string[]) =>
    db.transaction().execute((trx) => feedIn(trx, orderId, names))
  return {
    database,
    db,
    merchantId: ids.merchantId,
    /** A statement of a superuser, in the schema of the payment service. */
    asAdmin: (statement: string) =>
      admin.transaction().execute(async (trx) => {
        await sql`set local search_path = payment_service`.execute(trx)
        return await sql.raw(statement).execute(trx)
      }),
    feedIn,
    /** In one transaction. */
    feed,
    /** Each input in a transaction of its own. */
    live: async (names: readonly string[]) => {
      const orderId: string = randomUUIDv7()
      for (const name of names) await feed(orderId, name)
      return orderId
    },
    feedTogether: (orders: ReadonlyMap<string, readonly string[]>) =>
      db.transaction().execute((trx) =>
        decideAll(
          trx,
          participant,
          [...orders].flatMap(([orderId, names]) => inputsOf(orderId, names)),
        ),
      ),
    transfersOf: async (orderId: string, within: Kysely<PaymentDatabase> = db) => {
      const { rows } = await sql<{ number: number; kind: string; amount: string; cause: string }>`
        select number, kind, amount_minor as amount, cause from ledger_transfers
        where order_id = ${orderId} order by number`.execute(within)
      return rows.map(({ number, kind, amount }) => `${number} ${kind} ${amount}`)
    },
    /** Everything, in as many blocks as it takes. @returns their sizes */
    seal: async (maxTransfers?: number) => {
      // Transactions of other tests, in other databases of the server, would delay a part of it.
      await vi.waitUntil(async () => (await nothingIsOpen(db)).rows.length > 0, {
        timeout: limitMs(20_000),
        interval: 10,
      })
      const sizes: number[] = []
      for (let size = -1; size !== 0; ) {
        size = await sealOnce(db, maxTransfers)
        if (size > 0) sizes.push(size)
      }
      return sizes
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

const nothingIsOpen = (db: Kysely<PaymentDatabase>) =>
  sql`
  select from ledger_transfers having max(xid) < pg_snapshot_xmin(pg_current_snapshot())`.execute(db)

export type Paying = Awaited<ReturnType<typeof paying>>
