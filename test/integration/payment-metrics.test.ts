import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createLogger, createMetrics } from '#runtime'
import { keepEvent } from '../../apps/payment/gateway-events-store.ts'
import { paymentMetrics } from '../../apps/payment/metrics.ts'
import type { PaymentDatabase } from '../../apps/payment/tables.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { parseExposition, sumOf } from '../support/exposition.ts'
import { payingOrder } from '../support/paying.ts'

const log = createLogger({ service: 'test', level: 'silent' })
let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
})
afterAll(() => database[Symbol.asyncDispose]())

test('a scrape shows which payments wait for the gateway, and which for a person', async () => {
  const db = database.open<PaymentDatabase>('payment_service')
  const capturing = ['OrderPlaced', 'Held', 'OrderConfirmed'] as const
  const gaveUp = { type: 'GaveUp', operation: 'capture', reason: 'no_answer' } as const
  await payingOrder(db, [...capturing, { type: 'OutcomeUnknown', operation: 'capture' }])
  await payingOrder(db, [...capturing, gaveUp])
  await payingOrder(db, [...capturing, gaveUp])
  const about = { type: 'payment_intent.succeeded', objectId: 'pi_1', paymentId: 'pi_1', isAboutRefunds: false }
  await keepEvent(db, { ...about, id: `evt_${randomUUID()}`, createdAt: new Date(), is: 'payment' })
  const metrics = createMetrics(log)
  paymentMetrics(metrics, db)
  const samples = parseExposition(await metrics.exposition())
  expect(sumOf(samples, 'paysaga_payments_waiting', { condition: 'unknown' })).toBe(1)
  expect(sumOf(samples, 'paysaga_payments_waiting', { condition: 'review' })).toBe(2)
  expect(sumOf(samples, 'paysaga_gateway_events_due')).toBe(1)
  expect(sumOf(samples, 'paysaga_scrape_failures_total')).toBe(0)
})
