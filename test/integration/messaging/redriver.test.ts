import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { decideAll } from '#messaging'
import { park } from '../../../apps/shared/messaging/parking/parking.ts'
import { redriveOnce } from '../../../apps/shared/messaging/parking/redriver.ts'
import { added, counterParticipant, silentLog } from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'
import { fixed, parkingIn, undecodable } from '../../support/counter/parking.ts'
import { limitMs } from '../../support/limits.ts'

const cause = { id: 'test', traceparent: '' }

describe('a message that is parked', () => {
  let t: Counting
  let p: ReturnType<typeof parkingIn>
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
    p = parkingIn(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())
  beforeEach(() => p.nothingParked())

  it('stays in order: what comes later goes behind it, and all of it is handled by version once it can be', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 2, { name: 'bug' })])
    await t.handle([added(key, 3), added(key, 4)])
    await t.handle([added(key, 5)])
    expect(await p.parkedVersions(key)).toEqual([2, 3, 4, 5])
    await p.redrive()
    expect(await p.parkedKey(key)).toMatchObject({ cause: 'content', attempts: 2 })
    await p.redrive(fixed())
    expect(await p.heard(key)).toEqual(['1', 'bug', '3', '4', '5'])
    expect(await p.parkedKey(key)).toBeUndefined()
    await t.handle([added(key, 6)])
    expect(await p.heard(key)).toHaveLength(6)
    expect((await p.announced(key)).map(({ type }) => type)).toEqual(['MessageParked', 'MessageRedriven'])
  })

  it('goes on by itself when the missing message comes', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3), added(key, 4)])
    await p.redrive()
    expect(await p.parkedVersions(key)).toEqual([3, 4])
    await t.handle([added(key, 2), added(key, 5)])
    await p.redrive()
    expect(await p.heard(key)).toEqual(['1', '2', '3', '4', '5'])
    expect(await p.parkedKey(key)).toBeUndefined()
  })

  it('is dead after eight attempts, which is p.announced once, and blocks its key alone', async () => {
    const key = randomUUID()
    await t.handle([undecodable(key, 1)])
    await p.redrive(counterParticipant(), 12)
    expect(await p.parkedKey(key)).toEqual({ cause: 'undecodable', attempts: 8, is_dead: true })
    expect((await p.announced(key)).map(({ type }) => type)).toEqual(['MessageParked', 'MessageDead'])
    await t.handle([added(key, 2)])
    expect(await p.parkedVersions(key)).toEqual([1, 2])
  })

  it('speaks of a row that is lost: dead as aggregate-missing after a minute, and not before', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { name: 'needs a row' })])
    expect(await p.parkedKey(key)).toMatchObject({ cause: 'not-yet' })
    await p.redrive(counterParticipant(), 20)
    expect(await p.parkedKey(key)).toMatchObject({ cause: 'not-yet', is_dead: false })
    await sql`update parked_key set failing_since = now() - interval '61 seconds'`.execute(t.db)
    await p.redrive()
    expect(await p.parkedKey(key)).toMatchObject({ cause: 'aggregate-missing', is_dead: true })
  })

  it('speaks of a row that becomes visible later, and is handled then', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { name: 'needs a row' }), added(key, 2)])
    await t.db
      .transaction()
      .execute((trx) => decideAll(trx, counterParticipant(), [{ key, input: { type: 'Open' }, cause }]))
    await p.redrive()
    expect(await p.heard(key)).toEqual(['needs a row', '2'])
  })

  it('has attempts of its own: one that failed often before it does not bring it nearer to death', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3), added(key, 4, { name: 'bug' })])
    await p.redrive(counterParticipant(), 9)
    await t.handle([added(key, 2)])
    await p.redrive()
    expect(await p.heard(key)).toEqual(['1', '2', '3'])
    expect(await p.parkedKey(key)).toMatchObject({ cause: 'content', attempts: 1, is_dead: false })
  })

  it('has attempts of its own: a gap that lasted for long does not bring what it waited for nearer to death', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3, { name: 'bug' })])
    await p.redrive(counterParticipant(), 12)
    await t.handle([added(key, 2)])
    await p.redrive()
    expect(await p.parkedKey(key)).toMatchObject({ cause: 'content', attempts: 1, is_dead: false })
  })

  it('has a minute of its own for its row, however long another one has waited behind it', async () => {
    const key = randomUUID()
    await t.handle([added(key, 2)])
    await sql`update parked_key set failing_since = now() - interval '5 minutes'`.execute(t.db)
    await t.handle([added(key, 1, { name: 'needs a row' })])
    await p.redrive(counterParticipant(), 2)
    expect(await p.parkedKey(key)).toMatchObject({ cause: 'not-yet', is_dead: false })
  })

  it('that comes under the version of a parked one, with another id, is an alarm', async () => {
    const key = randomUUID()
    const alarms: object[] = []
    const log = { ...silentLog, error: (fields: object) => void alarms.push(fields) }
    await t.handle([added(key, 1), added(key, 3)])
    await t.handle([added(key, 3, { name: 'forged' })], { log })
    expect(alarms).toContainEqual(expect.objectContaining({ orderId: key, version: 3, outcome: 'alarm' }))
    await t.handle([added(key, 2)])
    await p.redrive()
    expect(await p.heard(key)).toEqual(['1', '2', '3'])
  })

  it('has more behind it than one round goes through, and none of it waits for a lease to end', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), ...Array.from({ length: 150 }, (_, index) => added(key, index + 3))])
    await t.handle([added(key, 2)])
    await p.redrive()
    await redriveOnce(p.options())
    expect(await p.heard(key)).toHaveLength(152)
  })

  it('whose row somebody holds does not keep the others p.waiting', { timeout: limitMs(40_000) }, async () => {
    const [held, free] = [randomUUID(), randomUUID()]
    await t.handle([added(held, 1), added(held, 3), added(free, 1), added(free, 3)])
    await t.handle([added(held, 2), added(free, 2)])
    const admin = t.database.open<unknown>('postgres')
    const done = Promise.withResolvers<undefined>()
    const holding = Promise.withResolvers<undefined>()
    const holder = admin.transaction().execute(async (trx) => {
      await sql`select from payment_service.counters where id = ${held} for update`.execute(trx)
      holding.resolve(undefined)
      await done.promise
    })
    await holding.promise
    await sql`update parked_key set next_attempt_at = now() - (case when key = ${held} then 2 else 1 end) * interval '1 s'`.execute(
      t.db,
    )
    await expect(redriveOnce(p.options())).rejects.toThrow('lock timeout')
    expect(await p.heard(free)).toEqual(['1', '2', '3'])
    done.resolve(undefined)
    await holder
    await p.redrive()
    expect(await p.heard(held)).toEqual(['1', '2', '3'])
  })

  it('is tried again by two at once without harm', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 2, { name: 'bug' }), added(key, 3)])
    await p.makeDue()
    await Promise.all([
      redriveOnce(p.options(fixed())),
      redriveOnce(p.options(fixed())),
      redriveOnce(p.options(fixed())),
    ])
    expect(await p.heard(key)).toEqual(['1', 'bug', '3'])
    expect(await p.parkedKey(key)).toBeUndefined()
  })

  it('is parked behind a key that somebody is removing at this moment, and not lost with it', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3)])
    const removing = Promise.withResolvers<undefined>()
    const removed = t.db.transaction().execute(async (trx) => {
      await sql`select from parked_key where key = ${key} for update`.execute(trx)
      removing.resolve(undefined)
      await expect.poll(async () => (await p.waiting()).length, { timeout: limitMs(10_000), interval: 10 }).toBe(1)
      await sql`delete from parked_message where key = ${key}`.execute(trx)
      await sql`delete from parked_key where key = ${key}`.execute(trx)
    })
    await removing.promise
    await Promise.all([t.handle([added(key, 4)]), removed])
    expect(await p.parkedVersions(key)).toEqual([4])
    expect(await p.parkedKey(key)).toMatchObject({ cause: 'gap' })
  })

  it('waits while another is parked behind its key, which is not let go then', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { name: 'bug' })])
    const { store } = fixed()
    const claimed = Promise.withResolvers<undefined>()
    const mayGoOn = Promise.withResolvers<undefined>()
    const lock: typeof store.lock = async (trx, keys) => {
      claimed.resolve(undefined)
      await mayGoOn.promise
      return await store.lock(trx, keys)
    }
    await p.makeDue()
    const redriven = redriveOnce(p.options({ ...fixed(), store: { ...store, lock } }))
    await claimed.promise
    // There is no aggregate yet, whose lock would keep the two apart.
    await t.db.transaction().execute(async (trx) => {
      const second = added(key, 2)
      const next = { key, version: 2, messageId: second.headers.ce_id, type: 'Added', message: second } as const
      await park(trx, { name: 'counter-service', topic: 'numbers.events' }, [{ ...next, because: 'gap', error: 'gap' }])
      mayGoOn.resolve(undefined)
      await expect.poll(async () => (await p.waiting()).length, { timeout: limitMs(10_000), interval: 10 }).toBe(1)
    })
    await redriven
    expect(await p.heard(key)).toEqual(['bug', '2'])
    expect(await p.parkedKey(key)).toBeUndefined()
  })

  it('meets another of its key that is parked at the very moment in which it is let go', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 2, { name: 'bug' })])
    await p.makeDue()
    // v4 is a gap for as long as nobody has handled v3: it is parked while v2 is handled and its key removed.
    await Promise.all([redriveOnce(p.options(fixed())), t.handle([added(key, 4)])])
    // The claim passes over a key whose row is locked by who parks behind it: then the next round has it.
    await p.redrive(fixed())
    expect(await p.parkedVersions(key)).toEqual([4])
    expect(await p.parkedKey(key)).toBeDefined()
    await t.handle([added(key, 3)])
    await p.redrive()
    expect(await p.heard(key)).toEqual(['1', 'bug', '3', '4'])
  })
})
