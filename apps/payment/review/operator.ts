import { type Kysely, sql } from 'kysely'
import { formatJson } from '#contracts'
import { type Cause, decideAll, type Log, type OpenTransaction, textArray } from '#messaging'
import { describeError, problem } from '#runtime'
import type { Found, GatewayLookUps } from '../gateway/look-ups.ts'
import type { PaymentParticipant } from '../saga.ts'
import { anyPayment, type VersionedPayment } from '../store.ts'
import type { PaymentDatabase } from '../tables.ts'
import type { Fact, Payment, PaymentVocabulary } from '../vocabulary.ts'
import { factOf, type Truth } from './truth.ts'

export interface OperatorOptions {
  readonly db: Kysely<PaymentDatabase>
  readonly participant: PaymentParticipant
  readonly lookUps: GatewayLookUps
  readonly log: Log
}

export interface Resolution {
  readonly orderId: string
  /** What is true. */
  readonly truth?: Truth | undefined
  /** How one can know. Kept, with the name. */
  readonly evidence?: string | undefined
  readonly by: string
  /** Only look, and say what would follow. Without truth and evidence there is nothing more to do. */
  readonly dryRun: boolean
  readonly cause: Cause
}

/** What was found and done. */
export interface Resolved extends VersionedPayment {
  readonly gateway: GatewaySays
  /** What was said because of it, or would be. */
  readonly said: readonly PaymentVocabulary['said']['type'][]
}

/** What the gateway says now: for the person to compare with, for the word counts that the person gives. */
export type GatewaySays =
  | { readonly is: 'found'; readonly found: Found }
  | { readonly is: 'notFound' }
  | { readonly is: 'unavailable'; readonly because: string }

export type Resolve = (resolution: Resolution) => Promise<Resolved>

/**
 * Takes an operator's word on what really happened. The gateway is asked first, so that the answer shows both; then the
 * word is decided and noted in one transaction, with the name and the evidence.
 * @throws Problem 404 without such a payment, 409 where nothing is in doubt, 409 or 422 where the word cannot be right
 */
export function resolving(options: OperatorOptions): Resolve {
  const { db, participant, log } = options
  return async (resolution) => {
    const { orderId, truth, by, evidence, dryRun, cause } = resolution
    const before = await anyPayment(db, orderId)
    if (before === undefined) throw refused('no_such_payment')
    if (before.payment.condition === 'ok') throw refused('not_in_review')
    const gateway = await gatewaySays(options, before.payment)
    if (truth === undefined) return { ...before, gateway, said: [] }
    await expectOwnIntent(options, truth, before.payment)
    const fact = factOf(truth, before.payment, gateway.is === 'found' ? gateway.found : undefined)
    if (dryRun || evidence === undefined) {
      return { ...before, gateway, said: saidBy(participant.decide(before.payment, word(fact, by), new Date())) }
    }
    const decided = await db
      .transaction()
      .execute((trx) => decideNoted({ trx, participant }, { orderId, by, evidence, fact, cause }))
    log.warn({ orderId, by, evidence, fact: fact.type, said: decided.said }, 'an operator has resolved a payment')
    return { ...decided, gateway }
  }
}

/**
 * An intent that is named here and nowhere else: money of another order must not follow from a slip.
 * @throws Problem 422, or 503 where nobody can say
 */
async function expectOwnIntent(
  { lookUps }: OperatorOptions,
  truth: Truth,
  { orderId, position }: Payment,
): Promise<void> {
  const named = 'paymentId' in truth ? truth.paymentId : undefined
  if (named === undefined || ('paymentId' in position && position.paymentId === named)) return
  const found = await lookUps.lookUp(named).catch(() => {
    throw refused('intent_not_looked_up')
  })
  if (found?.orderId !== undefined && found.orderId !== orderId) throw refused('of_another_order')
}

const word = (fact: Fact, by: string) => ({ type: 'ResolveReview', fact, by }) as const

interface Noted {
  readonly orderId: string
  readonly fact: Fact
  readonly by: string
  readonly evidence: string
  readonly cause: Cause
}

async function decideNoted(
  { trx, participant }: { readonly trx: OpenTransaction; readonly participant: PaymentParticipant },
  { orderId, fact, by, evidence, cause }: Noted,
): Promise<Omit<Resolved, 'gateway'>> {
  if (saysThatItDidNotHappen.has(fact.type)) await expectNobodyIsCalling(trx, participant, orderId)
  const [decided] = await decideAll(trx, participant, [{ key: orderId, input: word(fact, by), cause }])
  if (decided?.state === undefined) throw refused('no_such_payment')
  // Throws, so that nothing is noted that was not done.
  const said = saidBy(decided.decision)
  await sql`
    insert into operation (kind, by, reason, filter, keys)
    values ('resolve', ${by}, ${evidence}, ${formatJson(fact)}, ${textArray([orderId])}::text[])`.execute(trx)
  return { payment: decided.state, version: decided.version, said }
}

const saysThatItDidNotHappen: ReadonlySet<Fact['type']> = new Set(['Refused', 'RefundFailed', 'Gone'])

/**
 * A call that is under way may still do what the operator has just not found, and nobody would hear of its answer.
 * @throws Problem 409 until its lease is over
 */
async function expectNobodyIsCalling(
  trx: OpenTransaction,
  participant: PaymentParticipant,
  orderId: string,
): Promise<void> {
  // First the payment and then the effect, as everybody does.
  await participant.store.lock(trx, [orderId])
  const { rows } = await sql`
    select from effect where key = ${orderId} and leased_until > clock_timestamp() for update`.execute(trx)
  if (rows.length > 0) throw refused('call_under_way')
}

/** @throws Problem when it was not applied */
function saidBy(decision: ReturnType<PaymentParticipant['decide']>): Resolved['said'] {
  if (decision.is === 'applied') return decision.events.map(({ type }) => type)
  throw refused(decision.is === 'refused' ? decision.because : 'does_not_resolve')
}

/** By the intent that the payment knows; where it knows none, by the order. */
async function gatewaySays({ lookUps }: OperatorOptions, { orderId, position }: Payment): Promise<GatewaySays> {
  const paymentId = 'paymentId' in position ? position.paymentId : null
  try {
    const looking = paymentId === null ? lookUps.search(orderId) : lookUps.lookUp(paymentId, { withRefunds: true })
    const found = await looking
    return found === undefined ? { is: 'notFound' } : { is: 'found', found }
  } catch (error) {
    return { is: 'unavailable', because: describeError(error) }
  }
}

/** 409: the payment is in the wrong state for it. 422: it cannot be true. */
const refusals: ReadonlyMap<string, { readonly status: 404 | 409 | 422 | 503; readonly title: string }> = new Map([
  ['no_such_payment', { status: 404, title: 'There is no such payment' }],
  ['not_in_review', { status: 409, title: 'Nothing about this payment is in doubt' }],
  ['does_not_resolve', { status: 409, title: 'This does not answer what is in doubt' }],
  ['call_under_way', { status: 409, title: 'A call is under way that may still do it: look again in half a minute' }],
  ['of_another_order', { status: 422, title: 'That payment intent was made for another order' }],
  ['intent_not_looked_up', { status: 503, title: 'The gateway cannot be asked now whose payment intent that is' }],
  ['contradicts', { status: 409, title: 'This contradicts what is in the books' }],
  ['more_than_authorised', { status: 422, title: 'More than was held cannot have been taken' }],
  [
    'not_between_refunded_and_authorised',
    { status: 422, title: 'What was taken lies between what was returned and what was held, in the same currency' },
  ],
])

function refused(code: string) {
  const known = refusals.get(code)
  if (known === undefined) throw new Error(`No status for the refusal ${code}`)
  return problem({ ...known, code })
}
