import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type EffectFilter, outstandingEffects } from '../../../apps/shared/messaging/operations/outstanding-effects.ts'
import { added } from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'

describe('calls that are still to be made', () => {
  let t: Counting
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())

  it('are shown with where they stand, and without what they say', async () => {
    const [due, calling, waiting] = [randomUUID(), randomUUID(), randomUUID()]
    await t.handle([due, calling, waiting].map((key) => added(key, 1, { by: 10 })))
    await sql`update effect set leased_until = now() + interval '1 minute', attempts = 1, first_sent_at = now()
              where key = ${calling}`.execute(t.db)
    await sql`update effect set next_attempt_at = now() + interval '1 minute', unknown_since = now(), attempts = 3,
                     last_error = 'socket hang up' where key = ${waiting}`.execute(t.db)
    const keysOf = async (filter: EffectFilter, limit = 100) =>
      (await outstandingEffects(t.db, filter, limit)).map(({ key }) => key)
    expect((await keysOf({})).toSorted()).toEqual([due, calling, waiting].toSorted())
    expect(await keysOf({}, 2)).toHaveLength(2)
    expect(await keysOf({ state: 'due' })).toEqual([due])
    expect(await keysOf({ state: 'calling' })).toEqual([calling])
    expect(await keysOf({ state: 'waiting' })).toEqual([waiting])
    expect(await keysOf({ unknown: true })).toEqual([waiting])
    expect((await keysOf({ unknown: false })).toSorted()).toEqual([due, calling].toSorted())
    expect(await keysOf({ kind: 'Dial' })).toEqual([])
    expect(await outstandingEffects(t.db, { key: waiting, kind: 'Ring' }, 1)).toEqual([
      {
        id: expect.stringMatching(/-/),
        key: waiting,
        kind: 'Ring',
        state: 'waiting',
        attempts: 3,
        createdAt: expect.any(Date),
        firstSentAt: null,
        nextAttemptAt: expect.any(Date),
        unknownSince: expect.any(Date),
        isAnswered: false,
        lastError: 'socket hang up',
      },
    ])
  })
})
