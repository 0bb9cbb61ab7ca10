import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { decideAll, type TransactionSource } from '#messaging'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { added, counterParticipant, message, silentLog } from '../../support/counter/counter.ts'
import { type Counting, counting, handleAlone } from '../../support/counter/counting.ts'
import { limitMs } from '../../support/limits.ts'

describe('a batch of messages', () => {
  let t: Counting
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())

  it('changes the state and says the event in one transaction', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 4 }), added(key, 2, { by: 3 })])
    expect(await t.counter(key)).toMatchObject({ version: 2, source_version: 2, state: { sum: 7, heard: ['1', '2'] } })
    expect(await t.said(key)).toEqual([
      { type: 'Counted', aggregate_version: 1, payload: '{"sum":4}' },
      { type: 'Counted', aggregate_version: 2, payload: '{"sum":7}' },
    ])
  })

  it('has no effect twice when one event comes five times, three of them in one batch', async () => {
    const key = randomUUID()
    const event = added(key, 1, { by: 10 })
    await t.handle([event, event, event])
    await t.handle([event])
    await t.handle([event])
    expect(await t.counter(key)).toMatchObject({ version: 1, state: { sum: 10, heard: ['1'] } })
    expect(await t.said(key)).toHaveLength(1)
    const { rows } = await sql`select lane from effect where key = ${key}`.execute(t.db)
    expect(rows).toEqual([{ lane: `${key}/bell` }])
  })

  it('leaves neither state nor event when the transaction is rolled back', async () => {
    const key = randomUUID()
    const failing = t.db.transaction().execute(async (trx) => {
      const cause = { id: 'test', traceparent: '' }
      const heard = { type: 'Added', by: 1, name: 'a', closesAt: undefined } as const
      await decideAll(trx, counterParticipant(), [{ key, input: heard, cause }])
      expect((await sql`select 1 from outbox where aggregateid = ${key}`.execute(trx)).rows).toHaveLength(1)
      throw new Error('crash before commit')
    })
    await expect(failing).rejects.toThrow('crash before commit')
    expect(await t.counter(key)).toBeUndefined()
    expect(await t.said(key)).toEqual([])
  })

  it('of 500 mixed messages equals the same messages one by one', async () => {
    const keys = Array.from({ length: 20 }, () => randomUUID())
    const twins = new Map<string, string>(keys.map((key) => [key, randomUUID()]))
    const versions = new Map<string, number>()
    const mixed = Array.from({ length: 500 }, (_, index) => {
      const key = keys[(index * 7 + (index % 11)) % keys.length] ?? ''
      const version = (versions.get(key) ?? 0) + 1
      // Every ninth message is one that this participant does not know, every thirteenth comes twice.
      const repeated = index % 13 === 0 && version > 1
      if (!repeated) versions.set(key, version)
      const at = repeated ? version - 1 : version
      return { key, version: at, skipped: at > 1 && at % 9 === 0, by: (at * 3) % 7 }
    })
    const as = (key: string, { version, skipped, by }: (typeof mixed)[number]) =>
      skipped
        ? message({ key, version, type: 'SomethingNew', payload: '{}' })
        : added(key, version, { by, id: `00000000-0000-7000-8000-${version.toString().padStart(12, '0')}` })
    await t.handle(mixed.map((m) => as(m.key, m)))
    for (const m of mixed) await t.handle([as(twins.get(m.key) ?? '', m)])
    for (const [key, twin] of twins) {
      expect(await t.counter(key)).toEqual(await t.counter(twin))
      expect(await t.said(key)).toEqual(await t.said(twin))
    }
  })

  it('remembers types it does not listen to, so that the next one is no gap', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1)])
    await t.handle([message({ key, version: 2, type: 'SomethingNew', payload: 'not even json' }), added(key, 3)])
    expect(await t.counter(key)).toMatchObject({ source_version: 3, version: 2 })
  })

  it('raises an alarm when a version comes again under another id', async () => {
    const key = randomUUID()
    const errors: object[] = []
    const log = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (fields: object) => void errors.push(fields),
    }
    await t.handle([added(key, 1)], { log })
    await t.handle([added(key, 1, { name: 'forged' })], { log })
    expect(await t.counter(key)).toMatchObject({ state: { heard: ['1'] } })
    expect(errors).toMatchObject([{ outcome: 'alarm' }])
  })

  it('records each decided input with what it changed', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10, name: 'first' }), added(key, 2, { by: 1, name: 'second' })])
    const { rows } =
      await sql`select version, type, change from counters_history where id = ${key} order by position`.execute(t.db)
    expect(rows).toEqual([
      { version: 1, type: 'Added', change: { sum: 10, heard: ['first'], rings: 0, isRinging: true, isClosed: false } },
      { version: 2, type: 'Added', change: { sum: 11, heard: ['first', 'second'] } },
    ])
  })

  it('runs again when another transaction made the same row first', async () => {
    const key = randomUUID()
    const admin = t.database.open<unknown>('postgres')
    const created = Promise.withResolvers<void>()
    const other = admin.transaction().execute(async (trx) => {
      await sql`insert into payment_service.counters (id, version, source_version, state)
                values (${key}, 1, 1, '{"sum": 5, "heard": ["other"], "rings": 0, "isRinging": false, "isClosed": false}')`.execute(
        trx,
      )
      created.resolve()
      await blockedInsert(admin)
    })
    await created.promise
    await Promise.all([t.handle([added(key, 1), added(key, 2)]), other])
    expect(await t.counter(key)).toMatchObject({
      version: 2,
      source_version: 2,
      state: { sum: 6, heard: ['other', '2'] },
    })
  })

  it('waits for a row that becomes visible a moment later', async () => {
    expect(await whenRowIsMadeMeanwhile()).toMatchObject({ state: { heard: ['needs a row'] } })
  })

  it('gives a row its moment after an outage, not during it', { timeout: limitMs(15_000) }, async () => {
    expect(await whenRowIsMadeMeanwhile({ outageMs: 700 })).toMatchObject({ state: { heard: ['needs a row'] } })
  })

  async function whenRowIsMadeMeanwhile(outage?: { readonly outageMs: number }) {
    const key = randomUUID()
    const { options, lookedOnce, lookAgain } = lookingTwice(outage)
    const handled = handleAlone(options, [added(key, 1, { name: 'needs a row' })])
    await Promise.race([lookedOnce, handled])
    await open(key)
    lookAgain()
    await handled
    return await t.counter(key)
  }

  const open = (key: string) =>
    t.db
      .transaction()
      .execute((trx) =>
        decideAll(trx, counterParticipant(), [
          { key, input: { type: 'Open' }, cause: { id: 'test', traceparent: '' } },
        ]),
      )

  /**
   * Whoever handles messages with this looks once, and a second time only when it is told to: what comes between the two
   * may take its time, and is in time all the same.
   */
  function lookingTwice({ outageMs = 0 } = {}) {
    const lookedOnce = Promise.withResolvers<void>()
    const again = Promise.withResolvers<void>()
    const outageEnds = performance.now() + outageMs
    let looks = 0
    const db: TransactionSource = {
      getExecutor: () => t.db.getExecutor(),
      transaction: () => {
        if (performance.now() < outageEnds) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
        looks += 1
        if (looks === 1) return t.db.transaction()
        lookedOnce.resolve()
        return {
          execute: async (work) => {
            await again.promise
            return await t.db.transaction().execute(work)
          },
        }
      },
    }
    const options = { db, participant: counterParticipant(), log: silentLog, troubles: new Troubles() }
    return { options, lookedOnce: lookedOnce.promise, lookAgain: again.resolve }
  }

  /** Resolves when a session waits for our transaction. */
  async function blockedInsert(admin: Counting['db']): Promise<void> {
    await expect
      .poll(
        async () =>
          (
            await sql`select 1 from pg_locks join pg_stat_activity using (pid) where not granted and locktype = 'transactionid' and datname = current_database()`.execute(
              admin,
            )
          ).rows.length,
        { timeout: limitMs(10_000), interval: 10 },
      )
      .toBe(1)
  }
})
