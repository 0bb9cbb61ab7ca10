import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { decideAll } from '#messaging'
import { Breaker } from '../../../apps/shared/messaging/breaker.ts'
import { handleBatches } from '../../../apps/shared/messaging/consumer.ts'
import type { KafkaMessage } from '../../../apps/shared/messaging/kafka-client.ts'
import { redriveOnce } from '../../../apps/shared/messaging/redriver.ts'
import { PartitionBlocked } from '../../../apps/shared/messaging/share.ts'
import { Troubles } from '../../../apps/shared/messaging/troubles.ts'
import { added, counterParticipant, message, silentLog } from '../../support/counter.ts'
import { type Counting, counting } from '../../support/counting.ts'

interface ParkedKey {
  readonly cause: string
  readonly attempts: number
  readonly is_dead: boolean
}

const cause = { id: 'test', traceparent: '' }

describe('a message that cannot be handled', () => {
  let t: Counting
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())
  beforeEach(async () => {
    const admin = t.database.open<unknown>('postgres', 1)
    await sql`truncate payment_service.parked_key, payment_service.parked_message`.execute(admin)
  })

  const options = (participant = counterParticipant()) => ({
    db: t.db,
    participant,
    log: silentLog,
    troubles: new Troubles(),
  })
  const parkedKey = async (key: string) =>
    (
      await sql<ParkedKey>`select cause, attempts, next_attempt_at is null as is_dead from parked_key where key = ${key}`.execute(
        t.db,
      )
    ).rows[0]
  const parkedVersions = async (key: string) =>
    (
      await sql<{ version: number }>`select version from parked_message where key = ${key} order by version`.execute(
        t.db,
      )
    ).rows.map(({ version }) => version)
  const makeDue = async () => void (await sql`update parked_key set next_attempt_at = now()`.execute(t.db))
  /** As if so much time had passed and every attempt in it had failed as well. */
  const redrive = async (participant = counterParticipant(), rounds = 1) => {
    for (let round = 0; round < rounds; round += 1) {
      await sql`update parked_key set next_attempt_at = now() where next_attempt_at is not null`.execute(t.db)
      await redriveOnce(options(participant))
    }
  }
  const announced = async (key: string) =>
    (
      await sql<{ type: string; payload: string }>`
      select type, payload from outbox where aggregateid = ${key} and aggregatetype = 'operations' order by id`.execute(
        t.db,
      )
    ).rows
  /** Sessions that wait for another one's transaction. */
  const waiting = async () =>
    (await sql`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`.execute(t.db)).rows
  const heard = async (key: string) => (await t.counter(key))?.state.heard
  const undecodable = (key: string, version: number) => message({ key, version, type: 'Added', payload: '{' })
  /** A table that refuses what was decided for one name. */
  const refusing = async (name: string) => {
    const admin = t.database.open<unknown>('postgres', 1)
    await sql`alter table payment_service.counters add constraint no_such_name
              check (not state->'heard' ? ${sql.lit(name)}) not valid`.execute(admin)
    return {
      [Symbol.asyncDispose]: async () =>
        void (await sql`alter table payment_service.counters drop constraint if exists no_such_name`.execute(admin)),
    }
  }

  it.each<[string, string, (key: string) => readonly KafkaMessage[]]>([
    ['a gap', 'gap', (key) => [added(key, 1), added(key, 3)]],
    ['a payload that does not decode', 'undecodable', (key) => [added(key, 1), undecodable(key, 2)]],
    ['a bug in decide', 'content', (key) => [added(key, 1), added(key, 2, { name: 'bug' })]],
  ])(
    'because of %s is parked with what follows of its key, and what comes before and beside it is handled',
    async (_what, why, messages) => {
      const [bad, good] = [randomUUID(), randomUUID()]
      const [first, second] = messages(bad)
      const last = Number(second?.headers['ce_aggregateversion'])
      const batch = [first, second, added(good, 1), added(bad, last + 1), added(good, 2)]
      await t.handle(batch.filter((one) => one !== undefined))
      expect(await heard(bad)).toEqual(['1'])
      expect(await heard(good)).toEqual(['1', '2'])
      expect(await parkedKey(bad)).toMatchObject({ cause: why, attempts: 0, is_dead: false })
      expect(await parkedVersions(bad)).toEqual([last, last + 1])
      expect(await announced(bad)).toEqual([
        { type: 'MessageParked', payload: JSON.stringify({ subject: bad, cause: why, who: 'counter-service' }) },
      ])
    },
  )

  it('because the database refuses it is parked alone, from however many keys and partitions', async () => {
    await using _ = await refusing('forbidden')
    const keys = Array.from({ length: 10 }, () => randomUUID())
    const [bad = '', ...good] = keys
    const messages = keys.map((key) => added(key, 1, key === bad ? { name: 'forbidden' } : {}))
    const signal = new AbortController().signal
    const batches = [messages.slice(0, 5), messages.slice(5)].map((some) => ({ messages: some, signal }))
    expect(await handleBatches(options(), batches)).toEqual([undefined, undefined])
    expect(await Promise.all(good.map(heard))).toEqual(good.map(() => ['1']))
    expect(await parkedKey(bad)).toMatchObject({ cause: 'content' })
    expect(await heard(bad)).toBeUndefined()
  })

  it('stays in order: what comes later goes behind it, and all of it is handled by version once it can be', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 2, { name: 'bug' })])
    await t.handle([added(key, 3), added(key, 4)])
    await t.handle([added(key, 5)])
    expect(await parkedVersions(key)).toEqual([2, 3, 4, 5])
    await redrive()
    expect(await parkedKey(key)).toMatchObject({ cause: 'content', attempts: 1 })
    await redrive(fixed())
    expect(await heard(key)).toEqual(['1', 'bug', '3', '4', '5'])
    expect(await parkedKey(key)).toBeUndefined()
    await t.handle([added(key, 6)])
    expect(await heard(key)).toHaveLength(6)
    expect((await announced(key)).map(({ type }) => type)).toEqual(['MessageParked', 'MessageRedriven'])
  })

  it('goes on by itself when the missing message comes', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3), added(key, 4)])
    await redrive()
    expect(await parkedVersions(key)).toEqual([3, 4])
    await t.handle([added(key, 2), added(key, 5)])
    await redrive()
    expect(await heard(key)).toEqual(['1', '2', '3', '4', '5'])
    expect(await parkedKey(key)).toBeUndefined()
  })

  it('is dead after eight attempts, which is announced once, and blocks its key alone', async () => {
    const key = randomUUID()
    await t.handle([undecodable(key, 1)])
    await redrive(counterParticipant(), 12)
    expect(await parkedKey(key)).toEqual({ cause: 'undecodable', attempts: 8, is_dead: true })
    expect((await announced(key)).map(({ type }) => type)).toEqual(['MessageParked', 'MessageDead'])
    await t.handle([added(key, 2)])
    expect(await parkedVersions(key)).toEqual([1, 2])
  })

  it('speaks of a row that is lost: dead as aggregate-missing after a minute, and not before', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { name: 'needs a row' })])
    expect(await parkedKey(key)).toMatchObject({ cause: 'not-yet' })
    await redrive(counterParticipant(), 20)
    expect(await parkedKey(key)).toMatchObject({ cause: 'not-yet', is_dead: false })
    await sql`update parked_key set parked_at = now() - interval '61 seconds'`.execute(t.db)
    await redrive()
    expect(await parkedKey(key)).toMatchObject({ cause: 'aggregate-missing', is_dead: true })
  })

  it('speaks of a row that becomes visible later, and is handled then', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { name: 'needs a row' }), added(key, 2)])
    await t.db
      .transaction()
      .execute((trx) => decideAll(trx, counterParticipant(), [{ key, input: { type: 'Open' }, cause }]))
    await redrive()
    expect(await heard(key)).toEqual(['needs a row', '2'])
  })

  it('does not keep commands, outcomes and deadlines of its aggregate from going on', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1, { by: 3 }), added(key, 2, { name: 'bug' })])
    const [decided] = await t.db
      .transaction()
      .execute((trx) => decideAll(trx, counterParticipant(), [{ key, input: { type: 'Reset' }, cause }]))
    expect(decided?.decision.is).toBe('applied')
    expect(await t.counter(key)).toMatchObject({ source_version: 1, state: { sum: 0 } })
  })

  it.each([
    ['no key', (m: KafkaMessage) => ({ ...m, key: undefined })],
    ['a key that is no UUID', (m: KafkaMessage) => ({ ...m, key: '\0; drop table' })],
    [
      'a version that is no number',
      (m: KafkaMessage) => ({ ...m, headers: { ...m.headers, ce_aggregateversion: '1e3' } }),
    ],
    ['an id that is no UUID', (m: KafkaMessage) => ({ ...m, headers: { ...m.headers, ce_id: 'x\0y' } })],
    ['no type', (m: KafkaMessage) => ({ ...m, headers: { ...m.headers, ce_type: undefined } })],
  ])('with %s is kept to be looked at, and holds up nobody', async (_what, spoil) => {
    const key = randomUUID()
    const spoiled = spoil({ ...added(randomUUID(), 1), value: 'a\0b', body: Buffer.from([0xff, 0, 0xfe]) })
    await t.handle([added(key, 1), spoiled, added(key, 2)])
    await t.handle([spoiled])
    expect(await heard(key)).toEqual(['1', '2'])
    const { rows } = await sql<{ body: Buffer; error: string }>`
      select body, error from unplaceable_message where partition = ${spoiled.partition} and "offset" = ${spoiled.offset}`.execute(
      t.db,
    )
    expect(rows).toEqual([{ body: Buffer.from([0xff, 0, 0xfe]), error: expect.stringMatching(/^has no /) }])
  })

  it('is one of many that fail alike: the partition stops, and nothing is parked', async () => {
    const keys = Array.from({ length: 6 }, () => randomUUID())
    const [good, ...bad] = keys
    const batch = keys.map((key) => added(key, 1, key === good ? {} : { name: 'bug' }))
    await expect(t.handle(batch)).rejects.toThrow(PartitionBlocked)
    expect(await heard(good ?? '')).toEqual(['1'])
    expect(await Promise.all(bad.map(parkedKey))).toEqual(bad.map(() => undefined))
  })

  it('is the fifth in a row, one batch after the other: the partition stops there', async () => {
    const breaker = new Breaker()
    const signal = new AbortController().signal
    const obstacles: unknown[] = []
    for (let batch = 0; batch < 5; batch += 1) {
      const messages = [added(randomUUID(), 1, { name: 'bug' })]
      obstacles.push(...(await handleBatches({ ...options(), breaker }, [{ messages, signal }])))
    }
    expect(obstacles).toEqual([undefined, undefined, undefined, undefined, expect.any(PartitionBlocked)])
  })

  it('is tried again by two at once without harm', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 2, { name: 'bug' }), added(key, 3)])
    await makeDue()
    await Promise.all([redriveOnce(options(fixed())), redriveOnce(options(fixed())), redriveOnce(options(fixed()))])
    expect(await heard(key)).toEqual(['1', 'bug', '3'])
    expect(await parkedKey(key)).toBeUndefined()
  })

  it('is parked behind a key that somebody is removing at this moment, and not lost with it', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 3)])
    const removing = Promise.withResolvers<undefined>()
    const removed = t.db.transaction().execute(async (trx) => {
      await sql`select from parked_key where key = ${key} for update`.execute(trx)
      removing.resolve(undefined)
      await expect.poll(async () => (await waiting()).length, { timeout: 10_000, interval: 10 }).toBe(1)
      await sql`delete from parked_message where key = ${key}`.execute(trx)
      await sql`delete from parked_key where key = ${key}`.execute(trx)
    })
    await removing.promise
    await Promise.all([t.handle([added(key, 4)]), removed])
    expect(await parkedVersions(key)).toEqual([4])
    expect(await parkedKey(key)).toMatchObject({ cause: 'gap' })
  })

  it('meets another of its key that is parked at the very moment in which it is let go', async () => {
    const key = randomUUID()
    await t.handle([added(key, 1), added(key, 2, { name: 'bug' })])
    await makeDue()
    // v4 is a gap for as long as nobody has handled v3: it is parked while v2 is handled and its key removed.
    await Promise.all([redriveOnce(options(fixed())), t.handle([added(key, 4)])])
    expect(await parkedVersions(key)).toEqual([4])
    expect(await parkedKey(key)).toBeDefined()
    await t.handle([added(key, 3)])
    await redrive()
    expect(await heard(key)).toEqual(['1', 'bug', '3', '4'])
  })
})

/** The same participant after its bug was fixed. */
function fixed() {
  const participant = counterParticipant()
  return {
    ...participant,
    decide: (...[state, input, now]: Parameters<typeof participant.decide>) => {
      if (input.type !== 'Added' || input.name !== 'bug') return participant.decide(state, input, now)
      const decision = participant.decide(state, { ...input, name: 'fixed' }, now)
      if (decision.is !== 'applied') return decision
      const names = decision.state.heard.map((name) => (name === 'fixed' ? 'bug' : name))
      return { ...decision, state: { ...decision.state, heard: names } }
    },
  }
}
