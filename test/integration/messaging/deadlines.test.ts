import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Participant } from '#messaging'
import { keepDeadlines, sweepDeadlinesOnce } from '../../../apps/shared/messaging/deadlines.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import {
  added,
  type CounterVocabulary,
  counterParticipant,
  nobodyCalls,
  silentLog,
} from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'

describe('a deadline', () => {
  let t: Counting
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const sweep = () =>
    sweepDeadlinesOnce({ db: t.db, participant: counterParticipant(), log: silentLog, troubles: new Troubles() })
  const past = new Date(Date.now() - 60_000).toISOString()
  const future = new Date(Date.now() + 3_600_000).toISOString()

  it('is decided once it has come, and is gone with the state', async () => {
    const [due, later] = [randomUUID(), randomUUID()]
    await t.handle([added(due, 1, { closesAt: past }), added(later, 1, { closesAt: future })])
    expect(await sweep()).toBe(1)
    expect(await sweep()).toBe(0)
    expect(await t.counter(due)).toMatchObject({ version: 2, state: { isClosed: true } })
    expect(await t.counter(later)).toMatchObject({ version: 1, state: { isClosed: false } })
    expect(await t.said(due)).toMatchObject([{ type: 'Counted' }, { type: 'Closed', aggregate_version: 2 }])
  })

  it('that fails by its content keeps no other from its time', async () => {
    const keys = Array.from({ length: 5 }, () => randomUUID())
    const [poisoned = ''] = keys
    await t.handle(keys.map((key) => added(key, 1, { closesAt: past, name: key })))
    const participant: Participant<CounterVocabulary> = {
      ...counterParticipant(),
      decide: (counter, input, now) => {
        if (counter?.heard.includes(poisoned)) throw new TypeError('a bug of ours')
        return counterParticipant().decide(counter, input, now)
      },
    }
    const stop = new AbortController()
    const troubles = new Troubles()
    const caller = { ...nobodyCalls, committed: () => stop.abort() }
    await keepDeadlines({ db: t.db, participant, log: silentLog, troubles, caller }, stop.signal)
    for (const key of keys) {
      expect(await t.counter(key)).toMatchObject({ state: { isClosed: key !== poisoned } })
    }
    await sweep()
  })

  it('is shared by two sweepers', async () => {
    const keys = Array.from({ length: 60 }, () => randomUUID())
    await t.handle(keys.map((key) => added(key, 1, { closesAt: past })))
    await Promise.all([sweep(), sweep(), sweep()])
    for (const key of keys) expect(await t.said(key)).toHaveLength(2)
  })
})
