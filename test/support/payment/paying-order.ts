import { randomUUIDv7 } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { decideAll, type Input } from '#messaging'
import { type PaymentParticipant, paymentParticipant } from '../../../apps/payment/saga.ts'
import { findPayment } from '../../../apps/payment/store.ts'
import type { PaymentDatabase } from '../../../apps/payment/tables.ts'
import type { Payment, PaymentVocabulary } from '../../../apps/payment/vocabulary.ts'

export const merchantId = '0190a000-0000-7000-8000-000000000001'
export const expiresAt = '2036-11-29T10:00:00.000Z'

const never = () => Promise.reject(new Error('no call is made here'))

/** Decides as the service does; its calls stay rows. */
export const uncalled: PaymentParticipant = paymentParticipant(
  { authorise: never, capture: never, void: never, refund: never },
  { gatewayTimeoutMs: 1_000 },
)

/** What a test says for short; ids and amounts are the order's. */
type Said = 'OrderPlaced' | 'OrderConfirmed' | 'OrderCancelled' | 'Held' | 'Captured' | Input<PaymentVocabulary>

/** One payment of 12.00 EUR in the database, led to where a test begins. */
export async function payingOrder(db: Kysely<PaymentDatabase>, said: readonly Said[], paymentId = 'pi_1') {
  const orderId = randomUUIDv7()
  const ids = { orderId, merchantId }
  const amount = { amountMinor: 1_200n, currency: 'EUR' } as const
  const inputOf = (name: Said): Input<PaymentVocabulary> => {
    switch (name) {
      case 'OrderPlaced':
        return {
          ...ids,
          type: name,
          currency: 'EUR',
          totalMinor: 1_200n,
          items: [],
          customer: { email: 'ada@example.com' },
          paymentMethod: 'pm_card_visa',
          payBy: expiresAt,
        }
      case 'OrderConfirmed':
        return { ...ids, type: name, totalMinor: 1_200n }
      case 'OrderCancelled': {
        const totals = { capturedMinor: 0n, refundedMinor: 0n }
        return { ...ids, type: name, reason: 'customer_request', settled: false, ...totals }
      }
      case 'Held':
        return { type: name, paymentId, ...amount, expiresAt }
      case 'Captured':
        return { type: name, paymentId, ...amount }
      default:
        return name
    }
  }
  const tell = async (name: Said): Promise<void> => {
    const cause = { id: randomUUIDv7(), traceparent: '' }
    await db.transaction().execute((trx) => decideAll(trx, uncalled, [{ key: orderId, input: inputOf(name), cause }]))
  }
  for (const name of said) await tell(name)
  return {
    orderId,
    paymentId,
    tell,
    payment: async (): Promise<Payment> => {
      const found = await findPayment(db, ids)
      if (found === undefined) throw new Error('There is no payment')
      return found.payment
    },
    /** What it has said so far. */
    events: async (): Promise<readonly string[]> => {
      const { rows } = await sql<{
        type: string
      }>`select type from outbox where aggregateid = ${orderId} order by id`.execute(db)
      return rows.map(({ type }) => type)
    },
    /** The calls that are outstanding. */
    calls: async (): Promise<readonly string[]> => {
      const { rows } = await sql<{ kind: string }>`select kind from effect where key = ${orderId}`.execute(db)
      return rows.map(({ kind }) => kind)
    },
  }
}

export type PayingOrder = Awaited<ReturnType<typeof payingOrder>>
