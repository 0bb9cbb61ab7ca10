import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { NotPerformed, type Participant } from '#messaging'
import { runEffectsOnce } from '../../../apps/shared/messaging/effects/effects.ts'
import { leaseEffects } from '../../../apps/shared/messaging/effects/leases.ts'
import { settle } from '../../../apps/shared/messaging/effects/outcomes.ts'
import { allPlaces } from '../../../apps/shared/messaging/effects/places.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { added, type CounterVocabulary, counterParticipant, silentLog } from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'
import { parkingIn } from '../../support/counter/parking.ts'

/** The counter's bell has one of a minute. */
describe('an effect beyond its horizon', () => {
  let t: Counting
  let announced: ReturnType<typeof parkingIn>['announced']
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
    announced = parkingIn(t).announced
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const runAs = (participant: Participant<CounterVocabulary>) =>
    runEffectsOnce({ db: t.db, participant, log: silentLog, troubles: new Troubles() })
  const rows = async (key: string) => (await sql`select outcome from effect where key = ${key}`.execute(t.db)).rows
  /** As if that much time had passed, and any lease with it. */
  const pass = (key: string, seconds: number) =>
    sql`update effect set next_attempt_at = now(), leased_until = null,
               first_sent_at = coalesce(first_sent_at, now()) - ${seconds} * interval '1 second'
        where key = ${key}`.execute(t.db)
  const failing = (error: Error) => {
    const calls = { count: 0 }
    const run = () =>
      runAs(
        counterParticipant(() => {
          calls.count += 1
          return Promise.reject(error)
        }),
      )
    return { calls, run }
  }
  const gaveUp = (key: string, cause: string) => ({
    type: 'EffectGaveUp',
    payload: JSON.stringify({ subject: key, cause, who: 'counter-service' }),
  })

  it('is not called any more: what its handler says then is decided, and announced in the same transaction', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    await pass(key, 61)
    const { calls, run } = failing(new Error('called beyond its horizon'))
    await run()
    expect(calls.count).toBe(0)
    expect(await rows(key)).toEqual([])
    expect(await t.counter(key)).toMatchObject({ state: { heard: ['1'], rings: 1 } })
    expect(await announced(key)).toEqual([gaveUp(key, 'Ring: unknown')])
  })

  it('has it counted from its first sending, however often it is called meanwhile', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    const { calls, run } = failing(new TypeError('fetch failed: 4242 4242 4242 4242'))
    for (const seconds of [0, 20, 20]) {
      await pass(key, seconds)
      await run()
    }
    expect(calls.count).toBe(3)
    expect(await announced(key)).toEqual([])
    await pass(key, 21)
    await run()
    expect(calls.count).toBe(3)
    expect(await rows(key)).toEqual([])
    // The name of the last error, and nothing that the other side said.
    expect(await announced(key)).toEqual([gaveUp(key, 'Ring: TypeError')])
  })

  it('has none while it was provably never performed', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    const { calls, run } = failing(new NotPerformed('429'))
    await run()
    await sql`update effect set created_at = now() - interval '1 day', next_attempt_at = now()
              where key = ${key}`.execute(t.db)
    await run()
    expect(calls.count).toBe(2)
    expect(await announced(key)).toEqual([])
    await pass(key, 0)
    await runAs(counterParticipant())
    expect(await rows(key)).toEqual([])
  })

  it('is announced once, when deciding failed at first and nobody was called for it', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    await pass(key, 61)
    const decide = (): never => {
      throw new TypeError('a bug of ours')
    }
    await runAs({ ...counterParticipant(), decide })
    expect(await rows(key)).toEqual([{ outcome: null }])
    expect(await announced(key)).toEqual([])
    const { calls, run } = failing(new Error('called beyond its horizon'))
    await pass(key, 0)
    await run()
    expect(calls.count).toBe(0)
    expect(await announced(key)).toEqual([gaveUp(key, 'Ring: TypeError')])
  })

  it('is announced by who decides on it, and not by who was too late', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 10 })])
    await pass(key, 61)
    const participant = counterParticipant()
    const [late] = await leaseEffects(t.db, participant, allPlaces(participant))
    if (late === undefined) throw new Error('nothing was leased')
    await pass(key, 0)
    await runAs(participant)
    const options = { db: t.db, participant, log: silentLog, troubles: new Troubles() }
    await settle(options)(late, { outcome: { type: 'Rung' }, ends: true, gaveUp: true })
    expect(await announced(key)).toHaveLength(1)
    expect(await t.counter(key)).toMatchObject({ state: { rings: 1 } })
  })
})
