import { randomUUID, randomUUIDv7 } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { decideAll, type EffectCall, readBacklog } from '#messaging'
import { createMetrics, participantMetrics } from '#runtime'
import { watchOpenOrders } from '../../../apps/order/metrics.ts'
import { orderParticipant } from '../../../apps/order/saga.ts'
import type { OrderDatabase } from '../../../apps/order/tables.ts'
import { runEffectsOnce } from '../../../apps/shared/messaging/effects/effects.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { added, counterParticipant, message, silentLog } from '../../support/counter/counter.ts'
import { type Counting, counting, handleAlone } from '../../support/counter/counting.ts'
import { parseExposition, sumOf } from '../../support/exposition.ts'
import { limitMs } from '../../support/limits.ts'
import { recordSpans } from '../../support/span-recorder.ts'
import { freshDatabase } from '../../support/system/database.ts'
import { place } from '../../unit/order/any-sequence.ts'

const anHourAgo = () => new Date(Date.now() - 3_600_000)

describe('the work of a participant', () => {
  let t: Counting
  beforeAll(async () => {
    t = await counting(inject('postgresUrl'))
  })
  afterAll(() => t[Symbol.asyncDispose]())

  /** The counter with all that is watched of it. */
  function watched(ring?: Parameters<typeof counterParticipant>[0]) {
    const metrics = createMetrics(silentLog)
    const options = {
      db: t.db,
      participant: counterParticipant(ring),
      log: silentLog,
      troubles: new Troubles(),
      observer: participantMetrics(metrics),
    }
    return {
      handle: (messages: Parameters<typeof handleAlone>[1]) => handleAlone(options, messages),
      runEffects: () => runEffectsOnce(options),
      samples: async () => parseExposition(await metrics.exposition()),
    }
  }

  it('leaves a backlog of effects and deadlines, which is counted', async () => {
    const [calling, late, early] = [randomUUID(), randomUUID(), randomUUID()]
    const backlog = () => readBacklog(t.db, { aggregates: 'counters' })
    expect(await backlog()).toEqual({
      effectsDue: 0,
      oldestEffectSeconds: 0,
      deadlinesDue: 0,
      keysWaiting: 0,
      keysDead: 0,
    })
    await t.handle([
      added(calling, 1, { by: 10 }),
      added(late, 1, { closesAt: anHourAgo().toISOString() }),
      added(early, 1, { closesAt: new Date(Date.now() + 3_600_000).toISOString() }),
    ])
    await sql`update effect set created_at = ${anHourAgo()} where key = ${calling}`.execute(t.db)
    const due = await backlog()
    expect(due).toMatchObject({ effectsDue: 1, deadlinesDue: 1 })
    expect(due.oldestEffectSeconds).toBeGreaterThan(3_599)

    await sql`update effect set leased_until = now() + interval '1 minute' where key = ${calling}`.execute(t.db)
    expect(await backlog(), 'a call is under way').toMatchObject({ effectsDue: 0 })
    await sql`update effect set leased_until = null, next_attempt_at = now() + interval '1 minute'`.execute(t.db)
    const postponed = await backlog()
    expect(postponed.effectsDue).toBe(0)
    expect(postponed.oldestEffectSeconds).toBeGreaterThan(3_599)
    expect(await readBacklog(t.db)).toMatchObject({ deadlinesDue: 0 })
    await sql`delete from effect`.execute(t.db)
  })

  it('is counted by type and outcome, a message once whatever became of it', async () => {
    const { handle, samples } = watched()
    const [key, gapped] = [randomUUID(), randomUUID()]
    const first = added(key, 1)
    await handle([first, first, message({ key, version: 2, type: 'Unheard', payload: '{}' })])
    await handle([added(gapped, 2), added(key, 3)])
    const handled = async (type: string, outcome: string) =>
      sumOf(await samples(), 'paysaga_handled_total', { type, outcome })
    expect(await handled('Added', 'applied')).toBe(2)
    expect(await handled('Added', 'repeat')).toBe(1)
    expect(await handled('other', 'skipped')).toBe(1)
    expect(await handled('Added', 'gap')).toBe(1)
    expect(sumOf(await samples(), 'paysaga_handled_total')).toBe(5)
    expect(sumOf(await samples(), 'paysaga_batch_messages_sum')).toBe(5)
  })

  it('is timed from the outbox to Kafka and on to the commit, repeats left out', async () => {
    const { handle, samples } = watched()
    const one = added(randomUUID(), 1)
    const timestampMs = Date.now() - 250
    const headers = { ...one.headers, ce_time: new Date(timestampMs - 40).toISOString() }
    const timed = { ...one, headers, timestampMs }
    await handle([timed, timed])
    const shipped = sumOf(await samples(), 'paysaga_outbox_to_kafka_seconds_sum')
    expect(shipped).toBeCloseTo(0.04)
    expect(sumOf(await samples(), 'paysaga_outbox_to_kafka_seconds_count')).toBe(1)
    expect(sumOf(await samples(), 'paysaga_kafka_to_handled_seconds_sum')).toBeGreaterThanOrEqual(0.25)
  })

  it('counts the calls of effects by what came of them, and the decision on their outcome', async () => {
    const answers = [
      () => Promise.reject(new Error('socket hang up')),
      () => Promise.resolve({ type: 'Rung' } as const),
    ]
    const { handle, runEffects, samples } = watched(() => answers.shift()?.() ?? Promise.reject(new Error('again')))
    await handle([added(randomUUID(), 1, { by: 10 })])
    await runEffects()
    await sql`update effect set next_attempt_at = now()`.execute(t.db)
    await runEffects()
    const calls = async (outcome: string) =>
      sumOf(await samples(), 'paysaga_effect_call_seconds_count', { kind: 'Ring', outcome })
    expect([await calls('unknown'), await calls('answered')]).toEqual([1, 1])
    expect(sumOf(await samples(), 'paysaga_handled_total', { type: 'RingUnknown', outcome: 'applied' })).toBe(1)
    expect(sumOf(await samples(), 'paysaga_handled_total', { type: 'Rung', outcome: 'applied' })).toBe(1)
  })

  it('continues the trace of a message through outbox and effect to the call and to what is said of its outcome', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const calls: EffectCall[] = []
    const ring = (_ring: unknown, call: EffectCall) => {
      calls.push(call)
      return Promise.resolve({ type: 'Rung' } as const)
    }
    const { handle, runEffects } = watched(ring)
    const deliver = async (traceparent: string) => {
      const one = added(randomUUID(), 1, { by: 10 })
      await handle([{ ...one, headers: { ...one.headers, traceparent } }])
      await runEffects()
      const { rows } = await sql<{ traceparent: string }>`
        select traceparent from outbox where aggregateid = ${one.key}`.execute(t.db)
      return { said: rows.map((row) => row.traceparent), called: calls.splice(0).map((call) => call.traceparent) }
    }
    const incoming = `00-${traceId}-00f067aa0ba902b7-01`
    expect(await deliver(incoming), 'nobody records spans').toEqual({ said: [incoming], called: [incoming] })

    using recorder = recordSpans()
    const { said, called } = await deliver(incoming)
    const [handling, calling] = recorder.spans
    expect(recorder.spans).toMatchObject([
      { name: 'handle Added', traceId, parentId: '00f067aa0ba902b7', isEnded: true },
      { name: 'call Ring', traceId, parentId: handling?.spanId, isEnded: true },
    ])
    expect(handling?.attributes).toMatchObject({ 'paysaga.outcome': 'applied' })
    expect(said).toEqual([`00-${traceId}-${handling?.spanId}-01`])
    expect(called).toEqual([`00-${traceId}-${calling?.spanId}-01`])
  })

  it('ends the spans of messages that were parked', async () => {
    using recorder = recordSpans()
    await t.handle([added(randomUUID(), 2), added(randomUUID(), 1)])
    await t.handle([added(randomUUID(), 1, { name: 'bug' })])
    expect(recorder.spans.map(({ attributes, isEnded }) => [attributes['paysaga.outcome'], isEnded])).toEqual([
      ['gap', true],
      ['applied', true],
      ['content', true],
    ])
  })
})

describe('open orders', () => {
  it('are counted by status and age, and missing from the scrape when the database is not there', async () => {
    await using database = await freshDatabase(inject('postgresUrl'))
    const db = database.open<OrderDatabase>('order_service')
    const participant = orderParticipant({ payWithinMs: 60_000, captureWithinMs: 60_000 })
    const placeAt = async (at: Date) => {
      const key = uuidAt(at)
      const input = { ...place, orderId: key }
      await db
        .transaction()
        .execute((trx) => decideAll(trx, participant, [{ key, input, cause: { id: 'test', traceparent: '' } }]))
    }
    await placeAt(new Date())
    await placeAt(new Date(Date.now() - 120_000))
    await placeAt(new Date(Date.now() - 150_000))

    const metrics = createMetrics(silentLog)
    watchOpenOrders(metrics, db)
    const samples = parseExposition(await metrics.exposition())
    const open = (status: string, age: string) => sumOf(samples, 'paysaga_orders_open', { status, age })
    expect([open('pending', 'under_1m'), open('pending', 'under_15m'), open('pending', 'over_1d')]).toEqual([1, 2, 0])
    expect(sumOf(samples, 'paysaga_orders_open', { status: 'confirmed' })).toBe(0)
    expect(sumOf(samples, 'paysaga_order_open_oldest_seconds', { status: 'pending' })).toBeGreaterThan(149)

    const admin = database.open<unknown>('postgres', 1)
    await sql`alter table order_service.orders rename to gone`.execute(admin)
    const failures = async () => {
      const now = parseExposition(await metrics.exposition())
      return [sumOf(now, 'paysaga_orders_open'), sumOf(now, 'paysaga_scrape_failures_total', { source: 'open_orders' })]
    }
    await expect.poll(failures, { timeout: limitMs(10_000), interval: 50 }).toEqual([undefined, 1])
  })

  /** As if an order had been placed then: its first 48 bits are milliseconds. */
  function uuidAt(at: Date): string {
    const time = at.getTime().toString(16).padStart(12, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-${randomUUIDv7().slice(14)}`
  }
})
