import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { decideAll, type EffectCall, NotPerformed, type Participant } from '#messaging'
import { runEffectsOnce } from '../../../apps/shared/messaging/effects/effects.ts'
import { leaseEffects } from '../../../apps/shared/messaging/effects/leases.ts'
import { allPlaces } from '../../../apps/shared/messaging/effects/places.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { added, type CounterVocabulary, counterParticipant, silentLog } from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'
import { limitMs } from '../../support/limits.ts'

describe('an effect', () => {
  let t: Counting
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const run = (ring?: Parameters<typeof counterParticipant>[0]) =>
    runEffectsOnce({ db: t.db, participant: counterParticipant(ring), log: silentLog, troubles: new Troubles() })
  const rows = async (key: string) =>
    (
      await sql<{ attempts: number; outcome: string | null; unknown_since: Date | null }>`
      select attempts, outcome, unknown_since, first_sent_at from effect where key = ${key}`.execute(t.db)
    ).rows
  /** As if its delay or its lease were over. */
  const makeDue = (key: string) =>
    sql`update effect set next_attempt_at = now(), leased_until = null where key = ${key}`.execute(t.db)
  const command = (key: string, type: 'Reset' | 'Open') =>
    t.db
      .transaction()
      .execute((trx) =>
        decideAll(trx, counterParticipant(), [{ key, input: { type }, cause: { id: 'test', traceparent: '' } }]),
      )

  it('is called once, outside any transaction, and its outcome is decided', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    const calls: EffectCall[] = []
    await run(async (_effect, call) => {
      const { rows: open } = await sql`select 1 from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction'`.execute(t.db)
      expect(open).toEqual([])
      calls.push(call)
      return { type: 'Rung' }
    })
    await run(() => Promise.reject(new Error('called twice')))
    expect(calls).toMatchObject([{ idempotencyKey: `${key}/ring/1`, attempt: 1, correlationId: key }])
    expect(await t.counter(key)).toMatchObject({ state: { rings: 1, isRinging: false } })
    expect(await rows(key)).toEqual([])
  })

  it('keeps its idempotency key over attempts, and tells decide once that its outcome is unknown', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    const keys: string[] = []
    const silent = (_effect: unknown, call: EffectCall) => {
      keys.push(call.idempotencyKey)
      return Promise.reject(new Error('socket hang up'))
    }
    await run(silent)
    await makeDue(key)
    await run(silent)
    expect(await t.counter(key)).toMatchObject({ state: { heard: ['1', '?'], isRinging: true } })
    expect(await rows(key)).toMatchObject([{ attempts: 2, unknown_since: expect.any(Date) }])
    await makeDue(key)
    await run()
    expect(new Set(keys)).toEqual(new Set([`${key}/ring/1`]))
    expect(await t.counter(key)).toMatchObject({ state: { rings: 1 } })
  })

  it('that was provably not performed is tried again and is not unknown', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    await run(() => Promise.reject(new NotPerformed('429')))
    expect(await t.counter(key)).toMatchObject({ state: { heard: ['1'] } })
    expect(await rows(key)).toMatchObject([{ attempts: 1, unknown_since: null, first_sent_at: null }])
    await command(key, 'Reset')
    expect(await rows(key)).toEqual([])
  })

  it('that an earlier runner may have sent is not withdrawn because a later one was refused', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    await leaseEffects(t.db, counterParticipant(), allPlaces(counterParticipant()))
    await makeDue(key)
    await run(() => Promise.reject(new NotPerformed('429')))
    await command(key, 'Reset')
    expect(await rows(key)).toMatchObject([{ attempts: 2, first_sent_at: expect.any(Date) }])
    await makeDue(key)
    await run()
  })

  it('waits before it is called again, up to half a minute and not as long as others that failed with it', async () => {
    const keys = Array.from({ length: 20 }, () => randomUUID())
    await t.handle(keys.map((key) => added(key, 1, { by: 10 })))
    await sql`update effect set attempts = 20`.execute(t.db)
    await run(() => Promise.reject(new NotPerformed('429')))
    const { rows: waits } = await sql<{ seconds: number }>`
      select extract(epoch from next_attempt_at - now())::float8 as seconds from effect`.execute(t.db)
    const seconds = waits.map((wait) => wait.seconds)
    expect(Math.max(...seconds)).toBeLessThanOrEqual(30)
    expect(Math.max(...seconds) - Math.min(...seconds)).toBeGreaterThan(5)
    await sql`delete from effect`.execute(t.db)
  })

  it('that nobody answers in time is given up for this attempt', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    await run(() => new Promise(() => undefined))
    expect(await rows(key)).toMatchObject([{ attempts: 1 }])
    await makeDue(key)
    await run()
  })

  it('is leased by one runner only', async () => {
    const keys = Array.from({ length: 40 }, () => randomUUID())
    await t.handle(keys.map((key) => added(key, 1, { by: 10 })))
    let calls = 0
    const ring = () => {
      calls += 1
      return Promise.resolve({ type: 'Rung' } as const)
    }
    await Promise.all([run(ring), run(ring), run(ring)])
    expect(calls).toBe(40)
  })

  it('is not leased again while its call is under way', async () => {
    await t.handle([added(randomUUID(), 1, { by: 10 })])
    let calls = 0
    const answered = Promise.withResolvers<undefined>()
    const ring = async () => {
      calls += 1
      await answered.promise
      return { type: 'Rung' } as const
    }
    const first = run(ring)
    await expect.poll(() => calls, { timeout: limitMs(10_000), interval: 1 }).toBe(1)
    const second = run(ring)
    await second
    answered.resolve(undefined)
    await first
    expect(calls).toBe(1)
  })

  it('is leased up to the limit, also when the table is small and the planner would rather loop', async () => {
    const keys = Array.from({ length: 30 }, () => randomUUID())
    await t.handle(keys.map((key) => added(key, 1, { by: 10 })))
    await sql`vacuum analyze payment_service.effect`.execute(t.database.open<unknown>('postgres', 1))
    expect(await leaseEffects(t.db, counterParticipant(), new Map([['Ring', 5]]))).toHaveLength(5)
    expect(await leaseEffects(t.db, counterParticipant(), new Map([['Ring', 5]]))).toHaveLength(5)
    expect(await leaseEffects(t.db, counterParticipant(), new Map([['Ring', 64]]))).toHaveLength(20)
    await sql`delete from effect`.execute(t.db)
  })

  it('of a kind that this version does not know stays aside and is in nobody’s way', async () => {
    await sql`insert into effect (lane, key, kind, idempotency_key, payload, traceparent)
              select 'l' || n, 'k', 'FromTomorrow', 'i', '{}', '' from generate_series(1, 70) as n`.execute(t.db)
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    expect(await run()).toBe(1)
    expect(await t.counter(key)).toMatchObject({ state: { rings: 1 } })
    await sql`delete from effect`.execute(t.db)
  })

  it('is called again when its runner died, and the late answer of the dead is thrown away', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    const slow = Promise.withResolvers<{ type: 'Rung' }>()
    const started = Promise.withResolvers<void>()
    const first = run(() => {
      started.resolve()
      return slow.promise
    })
    await started.promise
    await makeDue(key)
    await run()
    slow.resolve({ type: 'Rung' })
    await first
    expect(await t.counter(key)).toMatchObject({ state: { rings: 1 } })
  })

  it('is not called again because deciding on its answer failed', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    const participant = counterParticipant()
    const buggy: Participant<CounterVocabulary> = {
      ...participant,
      decide: () => {
        throw new TypeError('a bug of ours')
      },
    }
    let calls = 0
    const ring = () => {
      calls += 1
      return Promise.resolve({ type: 'Rung' } as const)
    }
    const effects = { ...participant.effects, Ring: { ...participant.effects.Ring, call: ring } }
    await runEffectsOnce({ db: t.db, participant: { ...buggy, effects }, log: silentLog, troubles: new Troubles() })
    expect(await rows(key)).toMatchObject([{ outcome: '{"type":"Rung"}' }])
    await makeDue(key)
    await runEffectsOnce({
      db: t.db,
      participant: { ...participant, effects },
      log: silentLog,
      troubles: new Troubles(),
    })
    expect(calls).toBe(1)
    expect(await t.counter(key)).toMatchObject({ state: { rings: 1 } })
  })

  it('that never left is withdrawn', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    await command(key, 'Reset')
    expect(await rows(key)).toEqual([])
    expect(await t.counter(key)).toMatchObject({ state: { sum: 0, isRinging: false, rings: 0 } })
  })

  it('that may have left is not withdrawn', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    await leaseEffects(t.db, counterParticipant(), allPlaces(counterParticipant()))
    await command(key, 'Reset')
    expect(await rows(key)).toMatchObject([{ attempts: 1 }])
    expect(await t.counter(key)).toMatchObject({ state: { isRinging: true } })
    await makeDue(key)
    await run()
  })

  it('fails the transaction when its lane is taken', async () => {
    const key = randomUUID()
    const participant = counterParticipant()
    const ring = { type: 'Ring', number: 1 } as const
    const state = { sum: 0, heard: [], rings: 0, isRinging: false, isClosed: false }
    const twice: Participant<CounterVocabulary> = {
      ...participant,
      decide: () => ({ is: 'applied', state, events: [], effects: [ring, ring] }) as const,
    }
    const input = { type: 'Open' } as const
    const cause = { id: 'test', traceparent: '' }
    const failing = t.db.transaction().execute((trx) => decideAll(trx, twice, [{ key, input, cause }]))
    await expect(failing).rejects.toMatchObject({ constraint: 'effect_lane_holds_one' })
  })
})
