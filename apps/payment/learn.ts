import type { Kysely } from 'kysely'
import { type Cause, decideAll, type Log, type OpenTransaction } from '#messaging'
import type { Metrics } from '#runtime'
import { type Found, factsOf, type GatewayLookUps } from './gateway/look-ups.ts'
import type { PaymentParticipant } from './saga.ts'
import { payments } from './store.ts'
import type { PaymentDatabase } from './tables.ts'
import type { Payment, PaymentVocabulary } from './vocabulary.ts'

/** What it takes to look something up and to learn it, apart from requests and calls. */
export interface LearningOptions {
  readonly db: Kysely<PaymentDatabase>
  readonly participant: PaymentParticipant
  readonly lookUps: GatewayLookUps
  readonly log: Log
  readonly metrics: Metrics
  /** One look-up, or one page of the gateway's list, takes so long at most. */
  readonly lookUpMs: number
}

/** Deciding, after the look-up: the database's own time-outs are shorter. */
export const decidingMs = 10_000
/** Between attempts. The gateway may be away for hours. */
export const learningDelays = { firstMs: 1_000, maxMs: 300_000 }

export interface Deciding {
  readonly trx: OpenTransaction
  readonly participant: PaymentParticipant
}

/** What became of what was found. */
export interface Learned {
  readonly outcome:
    | 'applied'
    /** Nothing that was not known already. */
    | 'known'
    /** It contradicts what is known. */
    | 'alarm'
    /** Nothing is decided at the gateway yet. */
    | 'undecided'
    | 'unknown_order'
  readonly said: readonly PaymentVocabulary['said']['type'][]
  /** As it is afterwards, if there is one. */
  readonly payment: Payment | undefined
}

/**
 * Decides what a look-up has found, in your transaction: as if the gateway had answered a call, and whatever made you
 * look. The payment stays locked until your transaction ends.
 */
export async function learn({ trx, participant }: Deciding, found: Found, cause: Cause): Promise<Learned> {
  const { orderId } = found
  const payment = orderId === undefined ? undefined : await lockPayment(trx, orderId)
  // The payment is committed before the gateway is asked for an intent: there is nothing to wait for.
  if (orderId === undefined || payment === undefined) return { outcome: 'unknown_order', said: [], payment: undefined }
  const facts = factsOf(found, payment)
  if (facts.length === 0) return { outcome: 'undecided', said: [], payment }
  const decided = await decideAll(
    trx,
    participant,
    facts.map((input) => ({ key: orderId, input, cause })),
  )
  const decisions = decided.map(({ decision }) => decision)
  return { outcome: outcomeOf(decisions), said: decisions.flatMap(saidIn), payment: decided.at(-1)?.state }
}

/** @returns undefined for an order that is unknown here, or named by what is no id of ours */
export async function lockPayment(trx: OpenTransaction, orderId: string): Promise<Payment | undefined> {
  if (!isOrderId(orderId)) return undefined
  const { rows } = await payments.lock(trx, [orderId])
  return rows.get(orderId)?.state
}

/** Whether it can be one: others who use the same account may say `orderId` as well. */
export const isOrderId = (text: string): boolean => uuid.test(text)
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

type Decision = ReturnType<PaymentParticipant['decide']>

function outcomeOf(decisions: readonly Decision[]): Learned['outcome'] {
  if (decisions.some((decision) => decision.is === 'ignored' && decision.because === 'alarm')) return 'alarm'
  return decisions.some(({ is }) => is === 'applied') ? 'applied' : 'known'
}

const saidIn = (decision: Decision): Learned['said'] =>
  decision.is === 'applied' ? decision.events.map(({ type }) => type) : []
