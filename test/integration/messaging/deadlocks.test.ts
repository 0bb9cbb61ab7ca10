import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, inject, it } from 'vitest'
import { decideAll } from '#messaging'
import { sweepDeadlinesOnce } from '../../../apps/shared/messaging/deadlines.ts'
import { runEffectsOnce } from '../../../apps/shared/messaging/effects/effects.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { added, counterParticipant, silentLog } from '../../support/counter/counter.ts'
import { counting } from '../../support/counter/counting.ts'
import { limitMs } from '../../support/limits.ts'

const aggregates = 24
const rounds = 40

describe('consumer, effect runner, deadlines and commands on the same aggregates', () => {
  it('lock in the order of the keys, in whatever order they come', async () => {
    await using t = await counting(inject('postgresUrl'))
    const keys = Array.from({ length: aggregates }, () => randomUUID()).toSorted()
    const middle = keys[aggregates / 2] ?? ''
    await t.handle(keys.map((key) => added(key, 1)))
    const admin = t.database.open<unknown>('postgres')
    const held = Promise.withResolvers<undefined>()
    const seen = admin.transaction().execute(async (trx) => {
      await sql`select from payment_service.counters where id = ${middle} for update`.execute(trx)
      held.resolve(undefined)
      const waiting = sql`
        select from pg_locks join pg_stat_activity using (pid)
        where not granted and locktype = 'transactionid' and datname = current_database()`
      await expect
        .poll(async () => (await waiting.execute(admin)).rows.length, { timeout: limitMs(10_000), interval: 10 })
        .toBe(1)
      const free = sql<{ id: string }>`select id from payment_service.counters for update skip locked`
      return await admin.transaction().execute(async (other) => (await free.execute(other)).rows.map(({ id }) => id))
    })
    await held.promise
    await Promise.all([t.handle(keys.toReversed().map((key) => added(key, 2))), seen])
    expect((await seen).toSorted()).toEqual(keys.filter((key) => key > middle))
  })

  it('never deadlock', { timeout: limitMs(60_000) }, async () => {
    await using t = await counting(inject('postgresUrl'))
    const admin = t.database.open<unknown>('postgres')
    await sql
      .raw(`alter database ${new URL(t.database.adminUrl).pathname.slice(1)} set deadlock_timeout = '10ms'`)
      .execute(admin)
    const keys = Array.from({ length: aggregates }, () => randomUUID())
    const options = { db: t.db, participant: counterParticipant(), log: silentLog, troubles: new Troubles() }
    const past = new Date(Date.now() - 60_000).toISOString()
    // Every party goes through the aggregates in another order, as partitions, sweepers and clients do.
    const shuffled = (seed: number) => keys.toSorted((a, b) => hash(a, seed) - hash(b, seed))
    const parties = [
      async (round: number) => t.handle(shuffled(round).map((key) => added(key, round + 1, { by: 7, closesAt: past }))),
      async () => void (await runEffectsOnce(options)),
      async () => void (await runEffectsOnce(options)),
      async () => void (await sweepDeadlinesOnce(options)),
      async (round: number) => {
        const input = { type: 'Reset' } as const
        const inputs = shuffled(-round)
          .slice(0, 12)
          .map((key) => ({ key, input, cause: { id: `${round}`, traceparent: '' } }))
        await t.db.transaction().execute((trx) => decideAll(trx, options.participant, inputs))
      },
    ]
    await Promise.all(
      parties.map(async (party) => {
        for (let round = 0; round < rounds; round += 1) await party(round)
      }),
    )
    const { rows } = await sql<{ deadlocks: string }>`
      select deadlocks from pg_stat_database where datname = current_database()`.execute(admin)
    expect(rows).toEqual([{ deadlocks: '0' }])
    for (const key of keys) expect(await t.counter(key)).toMatchObject({ source_version: rounds })
  })
})

function hash(text: string, seed: number): number {
  let value = seed
  for (const character of text) value = (value * 31 + (character.codePointAt(0) ?? 0)) | 0
  return value
}
