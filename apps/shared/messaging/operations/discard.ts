import { sql } from 'kysely'
import type { EffectsOf } from '../context.ts'
import type { Item } from '../decide/fold.ts'
import { textArray } from '../lib/arrays.ts'
import { announce } from '../outbox/announcements.ts'
import { goOn, lockFirst, removeMessages } from '../parking/parked-rows.ts'
import { decideInTransaction } from '../transaction/decide-in-transaction.ts'
import type { OpenTransaction, Vocabulary } from '../types/vocabulary.ts'
import type { ParkedFilter } from './parked-query.ts'

export interface Order {
  /** Who asks for it, and why: both are kept. */
  readonly by: string
  readonly reason: string
  /** Keys at most, the oldest first. */
  readonly limit: number
  /** Only say which. */
  readonly dryRun: boolean
}

export interface ToDiscard {
  readonly key: string
  /** What was chosen. By now another one may be the first: that one nobody has given up. */
  readonly messageId: string
  readonly filter: ParkedFilter
  readonly order: Order
}

/** @returns whether it was still there */
export async function discardFirst<V extends Vocabulary>(
  options: Pick<EffectsOf<V>, 'db' | 'participant' | 'log'>,
  { key, messageId, filter, order }: ToDiscard,
): Promise<boolean> {
  const { participant } = options
  let found = false
  await decideInTransaction(options, {
    prepare: async (trx) => ({
      keys: [key],
      items: async (rows): Promise<readonly Item<V>[]> => {
        const first = await lockFirst(trx, key)
        // Another one is first by now, or somebody has asked for another attempt: nobody has given that up.
        if (first?.messageId !== messageId || first.attempts === 0 || first.cause === 'not-yet') return []
        // Where there was no row none was locked: it may have come while we waited for the key.
        const row = rows.get(key) ?? (await participant.store.lock(trx, [key])).rows.get(key)
        if (row !== undefined && !rows.has(key)) return []
        const isGap = row !== undefined && first.version > row.position.version + 1
        // What was missing has come meanwhile: there is nothing to give up, and the message itself can be handled.
        if (first.cause === 'gap' && row !== undefined && !isGap) return []
        found = true
        if (row === undefined) {
          await removeMessages(trx, key, versionMax)
          return []
        }
        if (!isGap) await removeMessages(trx, key, first.version)
        const position = isGap
          ? { version: first.version - 1, eventId: undefined }
          : { version: first.version, eventId: first.messageId }
        return [{ key, input: 'discarded', cause: { id: order.by, traceparent: '' }, position }]
      },
    }),
    conclude: async (trx) => {
      if (!found) return
      await goOn(trx, key)
      await sql`
        update parked_key set next_attempt_at = clock_timestamp(), redriven_by = ${order.by}
        where key = ${key}`.execute(trx)
      await note(trx, { kind: 'discard', filter, order, keys: [key] })
      const announcement = { type: 'MessageDiscarded', subject: key, cause: order.reason, who: order.by } as const
      await announce(trx, participant.name, [announcement])
    },
  })
  return found
}

/** Of PostgreSQL's int: more than any version. */
const versionMax = 2_147_483_647

interface Operation {
  readonly kind: 'redrive' | 'discard'
  readonly filter: ParkedFilter
  readonly order: Order
  readonly keys: readonly string[]
}

export async function note(trx: OpenTransaction, { kind, filter, order, keys }: Operation): Promise<void> {
  await sql`
    insert into operation (kind, by, reason, filter, keys)
    values (${kind}, ${order.by}, ${order.reason}, ${JSON.stringify(filter)}, ${textArray(keys)}::text[])`.execute(trx)
}
