import { sql } from 'kysely'
import type { EffectsOf } from '../context.ts'
import { textArray } from '../lib/arrays.ts'
import type { Vocabulary } from '../types/vocabulary.ts'
import { discardFirst, note, type Order } from './discard.ts'
import { chooseParked, listParked, type Parked, type ParkedFilter } from './parked-query.ts'

/** What operators see and do. */
export interface ParkingLot {
  list(filter: ParkedFilter, limit: number): Promise<Parked>
  /** Has the keys tried again now, by version, in this participant alone. @returns the keys */
  redrive(filter: ParkedFilter, order: Order): Promise<readonly string[]>
  /**
   * Gives up the first message of each key, if it has failed: its position moves past it, and what waits behind it goes on.
   * Of a gap what is missing is given up, and the message itself is handled. Where there is no aggregate, all that is parked
   * of it is given up, for without its beginning nothing of it can be handled. A row that may still become visible is not
   * given up. @returns the keys
   */
  discard(filter: ParkedFilter, order: Order): Promise<readonly string[]>
}

export function parkingLot<V extends Vocabulary>(
  options: Pick<EffectsOf<V>, 'db' | 'participant' | 'log'>,
): ParkingLot {
  const { db, participant, log } = options
  return {
    list: (filter, limit) => listParked(db, filter, limit),

    redrive: async (filter, order) => {
      const chosen = await chooseParked(db, { filter, limit: order.limit, failed: false })
      const keys = chosen.map(({ key }) => key)
      if (order.dryRun || keys.length === 0) return keys
      await db.transaction().execute(async (trx) => {
        // In the order in which they are parked: PostgreSQL's own order of text may be another one than ours.
        await sql`
          select from parked_key where key = any(${textArray(keys)}::text[]) order by key collate "C" for update`.execute(
          trx,
        )
        await sql`
          update parked_key
          set next_attempt_at = clock_timestamp(), attempts = 0, failing_since = null, redriven_by = ${order.by}
          where key = any(${textArray(keys)}::text[])`.execute(trx)
        await note(trx, { kind: 'redrive', filter, order, keys })
      })
      log.warn({ keys: keys.length, by: order.by, reason: order.reason }, 'parked keys are redriven')
      return keys
    },

    discard: async (filter, order) => {
      const failed = await chooseParked(db, { filter, limit: order.limit, failed: true })
      if (order.dryRun) return failed.map(({ key }) => key)
      const discarded: string[] = []
      for (const { key, messageId } of failed) {
        const isDone = await discardFirst({ db, participant, log }, { key, messageId, filter, order })
        if (isDone) discarded.push(key)
      }
      log.warn({ keys: discarded.length, by: order.by, reason: order.reason }, 'parked messages are discarded')
      return discarded
    },
  }
}
