import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { Participant } from '#messaging'
import { handleBatches } from '../../../apps/shared/messaging/consumer/consumer.ts'
import { startEffectRunner } from '../../../apps/shared/messaging/effects/effects.ts'
import { leaseEffects } from '../../../apps/shared/messaging/effects/leases.ts'
import { allPlaces } from '../../../apps/shared/messaging/effects/places.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { added, type CounterVocabulary, counterParticipant, silentLog } from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'
import { limitMs } from '../../support/limits.ts'

type Ring = Participant<CounterVocabulary>['effects']['Ring']
const within = { timeout: limitMs(15_000), interval: 20 }
const keysOf = (count: number) => Array.from({ length: count }, () => randomUUID())

describe('a kind of effect', () => {
  let t: Counting
  let stop: AbortController
  let ended: () => Promise<void>
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())
  beforeEach(() => {
    stop = new AbortController()
    ended = () => Promise.resolve()
  })
  afterEach(async () => {
    stop.abort()
    await ended()
    await sql`delete from effect`.execute(t.db)
  })

  function running(ring: Partial<Ring>) {
    const plain = counterParticipant()
    const participant = { ...plain, effects: { ...plain.effects, Ring: { ...plain.effects.Ring, ...ring } } }
    const options = { db: t.db, participant, log: silentLog, troubles: new Troubles() }
    const caller = startEffectRunner(options, stop.signal)
    ended = () => caller.ended()
    return {
      /** As from one partition: a transaction of its own. */
      handle: (...messages: Parameters<Counting['handle']>[0]) =>
        handleBatches({ ...options, caller }, [{ messages, signal: new AbortController().signal }]),
    }
  }
  const rings = async (keys: readonly string[]) => {
    const counters = await Promise.all(keys.map(t.counter))
    return counters.reduce((sum, counter) => sum + (counter?.state.rings ?? 0), 0)
  }
  const knocked = async (key: string) => (await t.counter(key))?.state.heard.includes('knocked')

  it('that may be called once at a time is, by transactions that are open at once and from the table', async () => {
    const now = { calling: 0, most: 0 }
    const { handle } = running({
      atOnce: 1,
      call: async () => {
        now.calling += 1
        now.most = Math.max(now.most, now.calling)
        await sql`select pg_sleep(0.005)`.execute(t.db)
        now.calling -= 1
        return { type: 'Rung' }
      },
    })
    const [together, alone, left] = [keysOf(6), keysOf(6), keysOf(6)]
    await Promise.all([
      handle(...together.map((key) => added(key, 1, { by: 10 }))),
      ...alone.map((key) => handle(added(key, 1, { by: 10 }))),
      t.handle(left.map((key) => added(key, 1, { by: 10 }))),
    ])
    await expect.poll(() => rings([...together, ...alone, ...left]), within).toBe(18)
    expect(now.most).toBe(1)
  })

  it('of which all calls hang takes nothing from another, and goes on when they end', async () => {
    const answer = Promise.withResolvers<{ type: 'Rung' }>()
    let begun = 0
    const call: Ring['call'] = () => {
      begun += 1
      return answer.promise
    }
    const { handle } = running({ atOnce: 2, timeoutMs: 20_000, call })
    const hanging = keysOf(5)
    await handle(...hanging.map((key) => added(key, 1, { by: 10 })))
    const [decided = '', found = ''] = keysOf(2)
    await handle(added(decided, 1, { name: 'knock' }))
    await expect.poll(() => knocked(decided), within).toBe(true)
    await t.handle([added(found, 1, { name: 'knock' })])
    await expect.poll(() => knocked(found), within).toBe(true)
    expect(begun).toBe(2)
    answer.resolve({ type: 'Rung' })
    await expect.poll(() => rings(hanging), within).toBe(5)
  })

  it('gives its place back when the transaction that leased it fails', async () => {
    const { handle } = running({ atOnce: 1 })
    const [failing = '', other = ''] = keysOf(2)
    await sql`insert into effect (lane, key, kind, idempotency_key, payload, traceparent)
              values (${`${failing}/bell`}, 'k', 'FromTomorrow', 'i', '{}', '')`.execute(t.db)
    await handle(added(failing, 1, { by: 10 }))
    expect(await t.counter(failing)).toBeUndefined()
    await handle(added(other, 1, { by: 10 }))
    await expect.poll(() => rings([other]), within).toBe(1)
  })

  it('is leased up to its own limit, however many of another wait in front of it', async () => {
    await t.handle(keysOf(30).map((key) => added(key, 1, { by: 10 })))
    await t.handle(keysOf(3).map((key) => added(key, 1, { name: 'knock' })))
    const places = new Map([
      ['Ring', 5],
      ['Knock', 2],
    ])
    const leased = await leaseEffects(t.db, counterParticipant(), places)
    expect(leased.map(({ effect }) => effect.type).toSorted()).toEqual([
      ...Array.from({ length: 2 }, () => 'Knock'),
      ...Array.from({ length: 5 }, () => 'Ring'),
    ])
  })

  it('has 64 places unless its handler says otherwise', () => {
    expect([...allPlaces(counterParticipant())]).toEqual([
      ['Ring', 64],
      ['Knock', 64],
    ])
  })
})
