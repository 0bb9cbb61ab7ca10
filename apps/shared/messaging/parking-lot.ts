import { type RawBuilder, sql } from 'kysely'
import { announce } from './announcements.ts'
import { textArray } from './arrays.ts'
import { decideInTransaction } from './decide-in-transaction.ts'
import type { EffectsOf } from './effects.ts'
import type { Item } from './fold.ts'
import { forgetIfEmpty, lockFirst, removeMessage } from './parked-rows.ts'
import type { ParkingCause } from './parking.ts'
import type { OpenTransaction, Vocabulary } from './vocabulary.ts'

/** Which parked keys; those that all of it is true of. */
export interface ParkedFilter {
  readonly state?: 'waiting' | 'dead' | undefined
  readonly cause?: ParkingCause | undefined
  readonly key?: string | undefined
  /** The type of its first message. */
  readonly type?: string | undefined
  /** A part of what failed. */
  readonly error?: string | undefined
  /** When its key was parked: from then on, and before then. */
  readonly since?: Date | undefined
  readonly until?: Date | undefined
}

export interface ParkedKey {
  readonly key: string
  readonly state: 'waiting' | 'dead'
  readonly cause: ParkingCause
  readonly error: string
  readonly attempts: number
  readonly parkedAt: Date
  /** Null for a dead one. */
  readonly nextAttemptAt: Date | null
  /** How many messages wait. */
  readonly messages: number
  /** What is handled next, unless an earlier version is missing. */
  readonly first: {
    readonly version: number
    readonly type: string
    readonly messageId: string
    readonly place: string
  }
}

export interface ParkedGroup extends Pick<ParkedKey, 'state' | 'cause' | 'error'> {
  /** Of its first message. */
  readonly type: string
  readonly keys: number
  readonly firstParkedAt: Date
  readonly lastParkedAt: Date
}

export interface Parked {
  readonly groups: readonly ParkedGroup[]
  readonly keys: readonly ParkedKey[]
  /** Messages that belong to no aggregate: `unplaceable_message`. */
  readonly unplaceable: number
}

export interface Order {
  /** Who asks for it, and why: both are kept. */
  readonly by: string
  readonly reason: string
  /** Keys at most, the oldest first. */
  readonly limit: number
  /** Only say which. */
  readonly dryRun: boolean
}

/** What operators see and do. */
export interface ParkingLot {
  list(filter: ParkedFilter, limit: number): Promise<Parked>
  /** Has the keys tried again now, by version, in this participant alone. @returns the keys */
  redrive(filter: ParkedFilter, order: Order): Promise<readonly string[]>
  /**
   * Gives up the first message of each key: its position moves past it, and what waits behind it goes on. Of a gap what is
   * missing is given up, and the message itself is handled. @returns the keys
   */
  discard(filter: ParkedFilter, order: Order): Promise<readonly string[]>
}

export function parkingLot<V extends Vocabulary>(
  options: Pick<EffectsOf<V>, 'db' | 'participant' | 'log'>,
): ParkingLot {
  const { db, participant, log } = options
  const chosen = async (filter: ParkedFilter, { limit }: Order): Promise<readonly string[]> => {
    const { rows } = await sql<{ key: string }>`
      select key from (${keysThat(filter)}) as parked order by parked_at, key limit ${limit}`.execute(db)
    return rows.map(({ key }) => key)
  }
  return {
    list: async (filter, limit) => {
      const keys =
        await sql<KeyRow>`select * from (${keysThat(filter)}) as parked order by parked_at, key limit ${limit}`.execute(
          db,
        )
      const groups = await sql<GroupRow>`
        select state, cause, type, error, count(*)::int as keys, min(parked_at) as first_parked_at, max(parked_at) as last_parked_at
        from (${keysThat(filter)}) as parked group by state, cause, type, error order by min(parked_at)`.execute(db)
      const counted = await sql<{ count: number }>`select count(*)::int as count from unplaceable_message`.execute(db)
      return {
        keys: keys.rows.map(keyOf),
        groups: groups.rows.map(({ first_parked_at, last_parked_at, ...group }) => ({
          ...group,
          firstParkedAt: first_parked_at,
          lastParkedAt: last_parked_at,
        })),
        unplaceable: counted.rows[0]?.count ?? 0,
      }
    },

    redrive: async (filter, order) => {
      const keys = await chosen(filter, order)
      if (order.dryRun || keys.length === 0) return keys
      await db.transaction().execute(async (trx) => {
        await sql`
          update parked_key set next_attempt_at = clock_timestamp(), attempts = 0, redriven_by = ${order.by}
          where key = any(${textArray([...keys].sort())}::text[])`.execute(trx)
        await note(trx, { kind: 'redrive', filter, order, keys })
      })
      log.warn({ keys: keys.length, by: order.by, reason: order.reason }, 'parked keys are redriven')
      return keys
    },

    discard: async (filter, order) => {
      const keys = await chosen(filter, order)
      if (order.dryRun) return keys
      const discarded: string[] = []
      for (const key of keys)
        if (await discardFirst({ db, participant, log }, { key, filter, order })) discarded.push(key)
      log.warn({ keys: discarded.length, by: order.by, reason: order.reason }, 'parked messages are discarded')
      return discarded
    },
  }
}

interface ToDiscard {
  readonly key: string
  readonly filter: ParkedFilter
  readonly order: Order
}

/** @returns whether there was one */
async function discardFirst<V extends Vocabulary>(
  options: Pick<EffectsOf<V>, 'db' | 'participant' | 'log'>,
  { key, filter, order }: ToDiscard,
): Promise<boolean> {
  const { participant } = options
  let found = false
  await decideInTransaction(options, {
    prepare: async (trx) => ({
      keys: [key],
      items: async (): Promise<readonly Item<V>[]> => {
        const first = await lockFirst(trx, key)
        if (first === undefined) return []
        found = true
        const isGap = await waitsForAGap(trx, key)
        if (!isGap) await removeMessage(trx, first)
        const version = isGap ? first.version - 1 : first.version
        const eventId = isGap ? undefined : first.message.headers['ce_id']
        return [{ key, input: 'discarded', cause: { id: order.by, traceparent: '' }, position: { version, eventId } }]
      },
    }),
    conclude: async (trx) => {
      if (!found) return
      await forgetIfEmpty(trx, key)
      await sql`
        update parked_key set next_attempt_at = clock_timestamp(), attempts = 0, redriven_by = ${order.by}
        where key = ${key}`.execute(trx)
      await note(trx, { kind: 'discard', filter, order, keys: [key] })
      const announcement = { type: 'MessageDiscarded', subject: key, cause: order.reason, who: order.by } as const
      await announce(trx, participant.name, [announcement])
    },
  })
  return found
}

async function waitsForAGap(trx: OpenTransaction, key: string): Promise<boolean> {
  const { rows } = await sql`select from parked_key where key = ${key} and cause = 'gap'`.execute(trx)
  return rows.length > 0
}

interface Operation {
  readonly kind: 'redrive' | 'discard'
  readonly filter: ParkedFilter
  readonly order: Order
  readonly keys: readonly string[]
}

async function note(trx: OpenTransaction, { kind, filter, order, keys }: Operation): Promise<void> {
  await sql`
    insert into operation (kind, by, reason, filter, keys)
    values (${kind}, ${order.by}, ${order.reason}, ${JSON.stringify(filter)}, ${textArray(keys)}::text[])`.execute(trx)
}

interface KeyRow {
  readonly key: string
  readonly state: 'waiting' | 'dead'
  readonly cause: ParkingCause
  readonly error: string
  readonly attempts: number
  readonly parked_at: Date
  readonly next_attempt_at: Date | null
  readonly messages: number
  readonly version: number
  readonly type: string
  readonly message_id: string
  readonly place: string
}

interface GroupRow extends Omit<ParkedGroup, 'firstParkedAt' | 'lastParkedAt'> {
  readonly first_parked_at: Date
  readonly last_parked_at: Date
}

function keyOf({ parked_at, next_attempt_at, version, type, message_id, place, ...row }: KeyRow): ParkedKey {
  const first = { version, type, messageId: message_id, place }
  return { ...row, parkedAt: parked_at, nextAttemptAt: next_attempt_at, first }
}

/** Parked keys with their first message. */
function keysThat({ state, cause, key, type, error, since, until }: ParkedFilter): RawBuilder<KeyRow> {
  const conditions = [
    sql`true`,
    ...(state === undefined
      ? []
      : [state === 'dead' ? sql`next_attempt_at is null` : sql`next_attempt_at is not null`]),
    ...(cause === undefined ? [] : [sql`cause = ${cause}`]),
    ...(key === undefined ? [] : [sql`parked_key.key = ${key}`]),
    ...(type === undefined ? [] : [sql`first.type = ${type}`]),
    ...(error === undefined ? [] : [sql`position(lower(${error}) in lower(error)) > 0`]),
    ...(since === undefined ? [] : [sql`parked_key.parked_at >= ${since.toISOString()}::timestamptz`]),
    ...(until === undefined ? [] : [sql`parked_key.parked_at < ${until.toISOString()}::timestamptz`]),
  ]
  return sql<KeyRow>`
    select parked_key.key, case when next_attempt_at is null then 'dead' else 'waiting' end as state, cause, error,
           attempts, parked_key.parked_at, next_attempt_at, first.*,
           (select count(*) from parked_message where key = parked_key.key)::int as messages
    from parked_key
    cross join lateral (
      select version, type, message_id, topic || '/' || partition || '@' || "offset" as place
      from parked_message where key = parked_key.key order by version limit 1
    ) as first
    where ${sql.join(conditions, sql` and `)}`
}
