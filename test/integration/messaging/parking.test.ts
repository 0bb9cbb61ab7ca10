import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { decideAll } from '#messaging'
import { Breaker } from '../../../apps/shared/messaging/consumer/breaker.ts'
import { handleBatches } from '../../../apps/shared/messaging/consumer/consumer.ts'
import { PartitionBlocked } from '../../../apps/shared/messaging/consumer/share.ts'
import type { KafkaMessage } from '../../../apps/shared/messaging/message/kafka-message.ts'
import { added, counterParticipant } from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'
import { parkingIn, undecodable } from '../../support/counter/parking.ts'

const cause = { id: 'test', traceparent: '' }

describe('a message that cannot be handled', () => {
  let t: Counting
  let p: ReturnType<typeof parkingIn>
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
    p = parkingIn(t)
  })
  afterAll(() => t[Symbol.asyncDispose]())
  beforeEach(() => p.nothingParked())

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
      expect(await p.heard(bad)).toEqual(['1'])
      expect(await p.heard(good)).toEqual(['1', '2'])
      expect(await p.parkedKey(bad)).toMatchObject({ cause: why, attempts: 1, is_dead: false })
      expect(await p.parkedVersions(bad)).toEqual([last, last + 1])
      expect(await p.announced(bad)).toEqual([
        { type: 'MessageParked', payload: JSON.stringify({ subject: bad, cause: why, who: 'counter-service' }) },
      ])
    },
  )

  it('because the database refuses it is parked alone, from however many keys and partitions', async () => {
    await using _ = await p.refusing('forbidden')
    const keys = Array.from({ length: 10 }, () => randomUUID())
    const [bad = '', ...good] = keys
    const messages = keys.map((key) => added(key, 1, key === bad ? { name: 'forbidden' } : {}))
    const signal = new AbortController().signal
    const batches = [messages.slice(0, 5), messages.slice(5)].map((some) => ({ messages: some, signal }))
    expect(await handleBatches(p.options(), batches)).toEqual([undefined, undefined])
    expect(await Promise.all(good.map(p.heard))).toEqual(good.map(() => ['1']))
    expect(await p.parkedKey(bad)).toMatchObject({ cause: 'content' })
    expect(await p.heard(bad)).toBeUndefined()
  })

  it('is none that only took too long together with others: fewer at a time have enough of it', async () => {
    await using _ = await p.cancelling(3)
    const keys = Array.from({ length: 20 }, () => randomUUID())
    await t.handle([...keys.map((key) => added(key, 1)), ...keys.map((key) => added(key, 2))])
    expect(await Promise.all(keys.map(p.heard))).toEqual(keys.map(() => ['1', '2']))
    expect(await Promise.all(keys.map(p.parkedKey))).toEqual(keys.map(() => undefined))
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
    expect(await p.heard(key)).toEqual(['1', '2'])
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
    expect(await p.heard(good ?? '')).toEqual(['1'])
    expect(await Promise.all(bad.map(p.parkedKey))).toEqual(bad.map(() => undefined))
  })

  it('is the fifth in a row, one batch after the other: the partition stops there', async () => {
    const breaker = new Breaker()
    const signal = new AbortController().signal
    const obstacles: unknown[] = []
    for (let batch = 0; batch < 5; batch += 1) {
      const messages = [added(randomUUID(), 1, { name: 'bug' })]
      obstacles.push(...(await handleBatches({ ...p.options(), breaker }, [{ messages, signal }])))
    }
    expect(obstacles).toEqual([undefined, undefined, undefined, undefined, expect.any(PartitionBlocked)])
  })

  it('is one of many that fail alike, also when one of them is refused by the database', async () => {
    await using _ = await p.refusing('forbidden')
    const keys = Array.from({ length: 8 }, () => randomUUID())
    const [good = '', refused = '', ...bad] = keys
    const batch = [added(good, 1), added(refused, 1, { name: 'forbidden' }), ...bad.map((key) => undecodable(key, 1))]
    await expect(t.handle(batch)).rejects.toThrow(PartitionBlocked)
    expect(await p.heard(good)).toEqual(['1'])
    expect(await Promise.all([refused, ...bad].map(p.parkedKey))).toEqual(keys.slice(1).map(() => undefined))
  })

  it('that waits for others says nothing of what is deployed: five fail among many gaps', async () => {
    const gapped = Array.from({ length: 40 }, () => added(randomUUID(), 2))
    const bad = Array.from({ length: 5 }, () => added(randomUUID(), 1, { name: 'bug' }))
    await expect(t.handle([...gapped, ...bad])).rejects.toThrow(PartitionBlocked)
  })

  it('is parked from where it fails, although what was handled of its key comes again with it', async () => {
    await using _ = await p.refusing('forbidden')
    const key = randomUUID()
    const first = added(key, 1)
    await t.handle([first])
    await t.handle([first, added(key, 2, { name: 'forbidden' }), added(key, 3)])
    expect(await p.parkedVersions(key)).toEqual([2, 3])
  })
})
