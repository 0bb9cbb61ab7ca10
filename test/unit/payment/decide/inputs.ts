import type { Input } from '#messaging'
import type { Fact, PaymentVocabulary } from '../../../../apps/payment/vocabulary.ts'

export type PaymentInput = Input<PaymentVocabulary>

export const ids = {
  orderId: '01990000-0000-7000-8000-000000000001',
  merchantId: '01990000-0000-7000-8000-00000000000a',
} as const
export const now = new Date('2026-11-22T10:00:00.000Z')
export const expiresAt = '2026-11-29T10:00:00.000Z'
export const dayBeforeExpiry = new Date('2026-11-28T10:00:00.000Z')

const eur = { amountMinor: 1_000n, currency: 'EUR' } as const
const one = { paymentId: 'pi_1', ...eur } as const
const totals = { capturedMinor: 0n, refundedMinor: 0n }
const r1 = { operation: 'refund', refundId: 'r1' } as const
const release = { operation: 'refund', refundId: 'release' } as const
const noAnswer = { type: 'GaveUp', reason: 'no_answer' } as const
const code = 'card_declined'

const placed: PaymentVocabulary['heard'] = {
  ...ids,
  type: 'OrderPlaced',
  currency: 'EUR',
  totalMinor: 1_000n,
  items: [],
  customer: { email: 'ada@example.com' },
  paymentMethod: 'pm_card_visa',
  payBy: expiresAt,
}
const refund = (refundId: string, amountMinor: bigint) =>
  ({ ...ids, type: 'OrderRefundRequested', refundId, amountMinor }) as const

const events = {
  OrderPlaced: placed,
  OrderConfirmed: { ...ids, type: 'OrderConfirmed', totalMinor: 1_000n },
  OrderCancelled: { ...ids, type: 'OrderCancelled', reason: 'customer_request', settled: false, ...totals },
  CustomerErased: { ...ids, type: 'CustomerErased' },
  'refund r1 300': refund('r1', 300n),
  'refund r9 100': refund('r9', 100n),
  'refund r9 1001': refund('r9', 1_001n),
  'refund r9 0': refund('r9', 0n),
} as const satisfies Record<string, PaymentInput>

const facts = {
  Held: { type: 'Held', ...one, expiresAt },
  'Held 999': { type: 'Held', ...one, amountMinor: 999n, expiresAt },
  'Held USD': { type: 'Held', ...one, currency: 'USD', expiresAt },
  'Held pi_2': { type: 'Held', ...one, paymentId: 'pi_2', expiresAt },
  'Refused authorise': { type: 'Refused', operation: 'authorise', code },
  'Refused capture': { type: 'Refused', operation: 'capture', code },
  'Refused void': { type: 'Refused', operation: 'void', code },
  Captured: { type: 'Captured', ...one },
  'Captured 900': { type: 'Captured', ...one, amountMinor: 900n },
  'Captured 1100': { type: 'Captured', ...one, amountMinor: 1_100n },
  'Captured USD': { type: 'Captured', ...one, currency: 'USD' },
  'Captured pi_2': { type: 'Captured', ...one, paymentId: 'pi_2' },
  'Gone cancelled': { type: 'Gone', paymentId: 'pi_1', because: 'cancelled' },
  'Gone expired': { type: 'Gone', paymentId: 'pi_1', because: 'expired' },
  'Gone pi_2': { type: 'Gone', paymentId: 'pi_2', because: 'cancelled' },
  'Refunded r1 300': { type: 'RefundSucceeded', refundId: 'r1', amountMinor: 300n },
  'Refunded r1 200': { type: 'RefundSucceeded', refundId: 'r1', amountMinor: 200n },
  'Refunded release 1000': { type: 'RefundSucceeded', refundId: 'release', amountMinor: 1_000n },
  'Refunded x 100': { type: 'RefundSucceeded', refundId: 'x', amountMinor: 100n },
  'Refunded x 1000': { type: 'RefundSucceeded', refundId: 'x', amountMinor: 1_000n },
  'Refunded x 1001': { type: 'RefundSucceeded', refundId: 'x', amountMinor: 1_001n },
  'RefundFailed r1': { type: 'RefundFailed', refundId: 'r1', code },
  'RefundFailed release': { type: 'RefundFailed', refundId: 'release', code },
  'RefundFailed x': { type: 'RefundFailed', refundId: 'x', code },
} as const satisfies Record<string, Fact>

const answers = {
  'Unknown authorise': { type: 'OutcomeUnknown', operation: 'authorise' },
  'Unknown capture': { type: 'OutcomeUnknown', operation: 'capture' },
  'Unknown void': { type: 'OutcomeUnknown', operation: 'void' },
  'Unknown refund r1': { type: 'OutcomeUnknown', ...r1 },
  'Unknown refund release': { type: 'OutcomeUnknown', ...release },
  'GaveUp authorise': { ...noAnswer, operation: 'authorise' },
  'GaveUp capture': { ...noAnswer, operation: 'capture' },
  'GaveUp void': { ...noAnswer, operation: 'void' },
  'GaveUp refund r1': { ...noAnswer, ...r1 },
  'GaveUp refund release': { ...noAnswer, ...release },
  NeverSent: { type: 'NeverSent' },
  Deadline: { type: 'DeadlineReached' },
  'Deadline early': { type: 'DeadlineReached' },
} as const satisfies Record<string, PaymentInput>

type FactName = keyof typeof facts
export type InputName = keyof typeof events | FactName | keyof typeof answers | `says ${FactName}`

/** An operator may say any fact: `says Captured`. */
const words = Object.entries(facts).map(
  ([name, fact]) => [`says ${name}`, { type: 'ResolveReview', fact, by: 'ops' }] as const,
)

/** Everything that can happen to a payment, in its variants. */
export const inputs: ReadonlyMap<string, PaymentInput> = new Map<string, PaymentInput>([
  ...Object.entries(events),
  ...Object.entries(facts),
  ...Object.entries(answers),
  ...words,
])

export function inputNamed(name: string): PaymentInput {
  const input = inputs.get(name)
  if (input === undefined) throw new Error(`No such input: ${name}`)
  return input
}

/** Everything happens a week before the expiry, the deadline a day before it. */
export const timeOf = (name: string): Date => (name === 'Deadline' ? dayBeforeExpiry : now)
