import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { parkingLot } from '../../../apps/shared/messaging/operations/parking-lot.ts'
import { redriveOnce } from '../../../apps/shared/messaging/parking/redriver.ts'
import { added, counterParticipant, message, silentLog } from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'

const order = { by: 'ada', reason: 'because', limit: 100, dryRun: false }

describe('what operators do with parked messages', () => {
  let t: Counting
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())
  beforeEach(async () => {
    const admin = t.database.open<unknown>('postgres', 1)
    await sql`truncate payment_service.parked_key, payment_service.parked_message, payment_service.operation`.execute(
      admin,
    )
  })

  const lot = () => parkingLot({ db: t.db, participant: counterParticipant(), log: silentLog })
  const redrive = () =>
    redriveOnce({ db: t.db, participant: counterParticipant(), log: silentLog, troubles: new Troubles() })
  const redriveAll = async () => {
    await sql`update parked_key set next_attempt_at = now() where next_attempt_at is not null`.execute(t.db)
    await redrive()
  }
  const undecodable = (key: string, version = 1) => message({ key, version, type: 'Added', payload: '{' })
  const die = (key: string) => sql`update parked_key set next_attempt_at = null where key = ${key}`.execute(t.db)
  const operations = async () =>
    (
      await sql<{ kind: string; by: string; reason: string; keys: string[] }>`
      select kind, by, reason, keys from operation order by id`.execute(t.db)
    ).rows
  const keysOf = async (filter: Parameters<ReturnType<typeof lot>['list']>[0]) =>
    (await lot().list(filter, 100)).keys.map(({ key }) => key)

  it('see each key with what it waits for, and how many there are of a kind', async () => {
    const [one, two, gapped] = [randomUUID(), randomUUID(), randomUUID()]
    await t.handle([undecodable(one), added(one, 2), undecodable(two), added(gapped, 1), added(gapped, 3)])
    await die(two)
    const { groups, keys } = await lot().list({}, 2)
    expect(keys).toHaveLength(2)
    expect(groups.map(({ state, cause, type, keys: count }) => [state, cause, type, count])).toEqual(
      expect.arrayContaining([
        ['waiting', 'undecodable', 'Added', 1],
        ['dead', 'undecodable', 'Added', 1],
        ['waiting', 'gap', 'Added', 1],
      ]),
    )
    expect((await lot().list({ key: one }, 10)).keys).toEqual([
      {
        key: one,
        state: 'waiting',
        cause: 'undecodable',
        error: expect.stringContaining('Added does not decode'),
        attempts: 1,
        parkedAt: expect.any(Date),
        nextAttemptAt: expect.any(Date),
        messages: 2,
        first: {
          version: 1,
          type: 'Added',
          messageId: expect.stringMatching(/-/),
          place: expect.stringMatching(/^numbers\.events\/0@\d+$/),
        },
      },
    ])
  })

  it('choose by state, cause, type, error and time, all of it at once', async () => {
    const [dead, waiting, gapped] = [randomUUID(), randomUUID(), randomUUID()]
    await t.handle([undecodable(dead), undecodable(waiting), added(gapped, 2)])
    await die(dead)
    expect(await keysOf({ state: 'dead' })).toEqual([dead])
    expect(await keysOf({ cause: 'gap' })).toEqual([gapped])
    expect((await keysOf({ type: 'Added' })).toSorted()).toEqual([dead, waiting, gapped].toSorted())
    expect(await keysOf({ type: 'Removed' })).toEqual([])
    expect(await keysOf({ error: 'IS MISSING' })).toEqual([gapped])
    expect(await keysOf({ since: new Date(Date.now() + 60_000) })).toEqual([])
    expect(await keysOf({ until: new Date(Date.now() - 60_000) })).toEqual([])
    expect(await keysOf({ state: 'waiting', cause: 'undecodable', error: 'decode' })).toEqual([waiting])
  })

  it('only ask what would be redriven, and nothing is', async () => {
    const key = randomUUID()
    await t.handle([undecodable(key)])
    await die(key)
    expect(await lot().redrive({ key }, { ...order, dryRun: true })).toEqual([key])
    expect(await keysOf({ state: 'dead' })).toEqual([key])
    expect(await operations()).toEqual([])
  })

  it('redrive a dead key once the cause is gone: by version, with their name kept', async () => {
    const key = randomUUID()
    await t.handle([undecodable(key), added(key, 2)])
    await die(key)
    await sql`update parked_message set body = ${Buffer.from('{"by":1,"name":"mended"}')} where key = ${key} and version = 1`.execute(
      t.db,
    )
    expect(await lot().redrive({ state: 'dead' }, { ...order, limit: 1 })).toEqual([key])
    await redrive()
    expect((await t.counter(key))?.state.heard).toEqual(['mended', '2'])
    expect(await operations()).toEqual([{ kind: 'redrive', by: 'ada', reason: 'because', keys: [key] }])
    const { rows } = await sql<{ payload: string }>`
      select payload from outbox where aggregateid = ${key} and type = 'MessageRedriven'`.execute(t.db)
    expect(rows.map(({ payload }) => JSON.parse(payload))).toEqual([{ subject: key, cause: 'undecodable', who: 'ada' }])
  })

  it('redrive the same twice at once, and it is handled once', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3), added(key, 2)])
    await Promise.all([lot().redrive({ key }, order), lot().redrive({ key }, order)])
    await Promise.all([redrive(), redrive()])
    expect((await t.counter(key))?.state.heard).toEqual(['1', '2', '3'])
  })

  it('discard a message: its position is passed, and what waits behind it is handled', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), undecodable(key, 2), added(key, 3)])
    expect(await lot().discard({ key }, order)).toEqual([key])
    await redrive()
    expect(await t.counter(key)).toMatchObject({ source_version: 3, state: { heard: ['1', '3'] } })
    expect(await keysOf({})).toEqual([])
    expect(await operations()).toEqual([{ kind: 'discard', by: 'ada', reason: 'because', keys: [key] }])
    const { rows } = await sql<{ payload: string }>`
      select payload from outbox where aggregateid = ${key} and type = 'MessageDiscarded'`.execute(t.db)
    expect(rows.map(({ payload }) => JSON.parse(payload))).toEqual([{ subject: key, cause: 'because', who: 'ada' }])
  })

  it('discard what is missing before a gap: the message behind it is handled, and the lost one is a repeat', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3)])
    expect(await lot().discard({ key }, order)).toEqual([key])
    await redrive()
    expect((await t.counter(key))?.state.heard).toEqual(['1', '3'])
    await t.handle([added(key, 2)])
    expect((await t.counter(key))?.state.heard).toEqual(['1', '3'])
  })

  it('discard the beginning of an aggregate, and with it all that is parked of it', async () => {
    const key = randomUUID()
    await t.handle([undecodable(key), added(key, 2), added(key, 3)])
    expect(await lot().discard({ key }, order)).toEqual([key])
    expect(await keysOf({})).toEqual([])
    expect(await t.counter(key)).toBeUndefined()
  })

  it('discard twice, as after an answer that was lost, and give up one message', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), undecodable(key, 2), added(key, 3), added(key, 4)])
    expect(await lot().discard({ key }, order)).toEqual([key])
    expect(await lot().discard({ key }, order)).toEqual([])
    await redrive()
    expect((await t.counter(key))?.state.heard).toEqual(['1', '3', '4'])
  })

  it('discard nothing that has become handleable meanwhile', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), undecodable(key, 2), added(key, 3)])
    const discarding = lot().discard({ key }, order)
    const again = lot().discard({ key }, order)
    expect([...(await discarding), ...(await again)]).toEqual([key])
    await redrive()
    expect((await t.counter(key))?.state.heard).toEqual(['1', '3'])
  })

  it('do not discard what waited for a gap, once the missing message has come', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3)])
    await t.handle([added(key, 2)])
    expect(await lot().discard({ cause: 'gap', key }, order)).toEqual([])
    await redriveAll()
    expect((await t.counter(key))?.state.heard).toEqual(['1', '2', '3'])
  })

  it('discard what has failed, although the oldest of those that are chosen has not', async () => {
    const [waiting, failed] = [randomUUID(), randomUUID()]
    await t.handle([added(waiting, 1, { name: 'needs a row' })])
    await t.handle([undecodable(failed)])
    expect(await lot().discard({ type: 'Added' }, { ...order, limit: 1 })).toEqual([failed])
  })

  it('do not discard what speaks of a row that may still become visible', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { name: 'needs a row' })])
    expect(await lot().discard({ key }, order)).toEqual([])
    expect(await keysOf({ cause: 'not-yet' })).toEqual([key])
  })
})
