import { sql } from 'kysely'
import type { TransactionSource } from '../types/transaction.ts'

export interface EffectFilter {
  readonly key?: string | undefined
  readonly kind?: string | undefined
  /** `due`: its time has come; `waiting`: between two attempts; `calling`: somebody has leased it. */
  readonly state?: EffectState | undefined
  /** Nobody knows whether the call had its effect. */
  readonly unknown?: boolean | undefined
}

export type EffectState = 'due' | 'waiting' | 'calling'

/** A call that is still to be made or decided on. Its payload is nobody's business. */
export interface OutstandingEffect {
  readonly id: string
  readonly key: string
  readonly kind: string
  readonly state: EffectState
  readonly attempts: number
  readonly createdAt: Date
  /** Null: provably nothing has left yet. The horizon counts from here. */
  readonly firstSentAt: Date | null
  readonly nextAttemptAt: Date
  readonly unknownSince: Date | null
  /** The call is answered, and deciding on the answer failed: only that is tried again. */
  readonly isAnswered: boolean
  readonly lastError: string | null
}

/** The oldest first. */
export async function outstandingEffects(
  db: TransactionSource,
  { key, kind, state, unknown }: EffectFilter,
  limit: number,
): Promise<readonly OutstandingEffect[]> {
  const conditions = [
    sql`true`,
    ...(key === undefined ? [] : [sql`key = ${key}`]),
    ...(kind === undefined ? [] : [sql`kind = ${kind}`]),
    ...(state === undefined ? [] : [sql`state = ${state}`]),
    ...(unknown === undefined ? [] : [sql`(unknown_since is not null) = ${unknown}`]),
  ]
  const { rows } = await sql<OutstandingEffect>`
    select id, key, kind, state, attempts, created_at as "createdAt", first_sent_at as "firstSentAt",
           next_attempt_at as "nextAttemptAt", unknown_since as "unknownSince", outcome is not null as "isAnswered",
           last_error as "lastError"
    from (select *, case when leased_until > now() then 'calling' when next_attempt_at <= now() then 'due' else 'waiting' end
                    as state
          from effect) as outstanding
    where ${sql.join(conditions, sql` and `)} order by id limit ${limit}`.execute(db)
  return rows
}
