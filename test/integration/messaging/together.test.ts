import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { TransactionSource } from '#messaging'
import { handleBatches, messageHandler } from '../../../apps/shared/messaging/consumer/consumer.ts'
import type { Caller } from '../../../apps/shared/messaging/context.ts'
import { startEffectRunner } from '../../../apps/shared/messaging/effects/effects.ts'
import { leaseEffects } from '../../../apps/shared/messaging/effects/leases.ts'
import type { KafkaMessage } from '../../../apps/shared/messaging/message/kafka-message.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import {
  added,
  type CounterVocabulary,
  counterParticipant,
  nobodyCalls,
  silentLog,
} from '../../support/counter/counter.ts'
import { type Counting, counting } from '../../support/counter/counting.ts'
import { limitMs } from '../../support/limits.ts'

describe('what is there at one time', () => {
  let t: Counting
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())

  const never = new AbortController().signal
  const batch = (...messages: KafkaMessage[]) => ({ messages, signal: never })
  function watched(caller?: Caller<CounterVocabulary>) {
    const counts = { transactions: 0 }
    const db: TransactionSource = {
      getExecutor: () => t.db.getExecutor(),
      transaction: () => {
        counts.transactions += 1
        return t.db.transaction()
      },
    }
    const options = { db, participant: counterParticipant(), log: silentLog, troubles: new Troubles(), caller }
    return { counts, options }
  }
  const sumOf = async (key: string) => (await t.counter(key))?.state.sum

  it('is handled in one transaction, from however many partitions', async () => {
    const keys = [randomUUID(), randomUUID(), randomUUID()]
    const { counts, options } = watched()
    const handle = messageHandler(options)
    await Promise.all(keys.map((key) => handle(batch(added(key, 1, { by: 4 }), added(key, 2, { by: 3 })))))
    expect(await Promise.all(keys.map(sumOf))).toEqual([7, 7, 7])
    expect(counts.transactions).toBe(1)
  })

  it('of which a partition that is taken away waits no longer, and the others are handled', async () => {
    const [good, waiting] = [randomUUID(), randomUUID()]
    const taken = new AbortController()
    const { options } = watched({ ...nobodyCalls, committed: () => taken.abort(new Error('taken away')) })
    const obstacles = await handleBatches(options, [
      { messages: [added(waiting, 1, { name: 'needs a row' })], signal: taken.signal },
      batch(added(good, 1, { by: 5 })),
    ])
    expect(obstacles).toEqual([new Error('taken away'), undefined])
    expect(await sumOf(good)).toBe(5)
  })

  it('is leased by its transaction as far as there is room, and the rest is left for others', async () => {
    const keys = [randomUUID(), randomUUID()]
    const begun: string[] = []
    const tickets = ['the only one']
    const { options } = watched({
      ...nobodyCalls,
      take: () => tickets.pop() !== undefined,
      committed: ({ fold, leased }) => {
        expect(fold.emitted).toHaveLength(2)
        begun.push(...leased.map(({ key, leaseToken, attempt }) => `${key} ${leaseToken} ${attempt}`))
      },
    })
    await handleBatches(options, [batch(...keys.map((key) => added(key, 1, { by: 10 })))])
    const [first = '', second] = keys.toSorted()
    expect(begun).toEqual([`${first} 1 1`])
    const leased = await leaseEffects(t.db, counterParticipant(), new Map([['Ring', 10]]))
    expect(leased.map(({ key }) => key)).toEqual([second])
  })

  it('is called after the commit without being looked for, and its outcome is decided', async () => {
    const key = randomUUID()
    const stop = new AbortController()
    const { options } = watched()
    const runner = startEffectRunner(options, stop.signal)
    await handleBatches({ ...options, caller: runner }, [batch(added(key, 1, { by: 10 }))])
    await expect
      .poll(async () => (await t.counter(key))?.state.rings, { timeout: limitMs(10_000), interval: 20 })
      .toBe(1)
    stop.abort()
    await runner.ended()
    expect(runner.take('Ring')).toBe(false)
  })
})
