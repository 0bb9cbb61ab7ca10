import { type Kysely, sql, type Transaction } from 'kysely'
import { formatJson } from '#contracts'
import { asError, type Cause, classify, type Decided, decideAll, failpoint, inBatches, type Log } from '#messaging'
import { type Answer, type Claim, claimKeys, keepAnswers, keptAnswers } from './idempotency.ts'
import { refusalOf } from './refusals.ts'
import { etagOf, represent } from './representation.ts'
import type { OrderParticipant } from './saga.ts'
import type { OrderDatabase } from './tables.ts'
import type { OrderVocabulary, PlaceOrder } from './vocabulary.ts'

/** A validated request for a new order. */
export interface Placement {
  readonly claim: Claim
  readonly input: PlaceOrder
  readonly cause: Cause
}

/** The answer, or why this one request has none. */
type Placed = Answer | Error

/** Requests that share a transaction. */
const batchMaxPlacements = 100
/** A buyer who has not been answered by then has gone, and a later order would be one that nobody waits for. */
const waitMaxMs = 5_000
/**
 * A key that another process is claiming may be its for as long as that process hangs. Neither strangers nor a place in
 * the queue wait for it: whoever has this key is told to come again.
 */
const lockWaitMs = 250

/**
 * Places orders. Requests that come at the same time share a transaction, so that a busy service spends its time on
 * orders and not on round trips. Each has its own answer, and one that cannot be written does not hold up the others.
 * @returns a function that rejects with a `Problem`, or with what kept the transaction from committing: then nothing
 * has happened
 */
export function orderPlacing({ db, participant, log }: PlacingOptions): (placement: Placement) => Promise<Answer> {
  const together = async (placements: readonly Placement[]): Promise<readonly Placed[]> => {
    const placed = await db.transaction().execute((trx) => placeAll(trx, participant, placements))
    failpoint('placing.committed')
    return placed
  }
  // Few at a time: what is tried alone must not take the pool from those who come next.
  const alone = inBatches<Placement, Placed>({ max: 1, atOnce: 3, waitMaxMs, work: together })
  const place = inBatches<Placement, Placed>({
    max: batchMaxPlacements,
    atOnce: 2,
    waitMaxMs,
    work: async (placements) => {
      try {
        return await together(placements)
      } catch (err) {
        if (placements.length === 1 || !isAboutSome(err)) throw err
        log.warn({ err, requests: placements.length }, 'requests failed together, and are tried one by one')
        // Promises: the next batch does not wait for them.
        return placements.map((placement) => alone(placement).catch(asError))
      }
    },
  })
  return async (placement) => {
    const placed = await place(placement)
    if (placed instanceof Error) throw placed
    return placed
  }
}

export interface PlacingOptions {
  readonly db: Kysely<OrderDatabase>
  readonly participant: OrderParticipant
  readonly log: Log
}

/** Lock time-out and deadlock are about one request among many. So is what one contains. */
const aboutSome = new Set(['55P03', '40P01'])
const isAboutSome = (error: unknown): boolean =>
  classify(error) === 'content' || (error instanceof Error && 'code' in error && aboutSome.has(String(error.code)))

/** Claims, then orders, then answers: the lock order of every command. */
async function placeAll(
  trx: Transaction<OrderDatabase>,
  participant: OrderParticipant,
  placements: readonly Placement[],
): Promise<readonly Placed[]> {
  await sql`select set_config('lock_timeout', ${`${lockWaitMs}ms`}, true)`.execute(trx)
  const isFirst = await claimKeys(
    trx,
    placements.map(({ claim }) => claim),
  )
  failpoint('placing.claimed')
  const first = placements.filter((_, index) => isFirst[index])
  const decided = await decideAll(
    trx,
    participant,
    first.map(({ input, cause }) => ({ key: input.orderId, input, cause })),
  )
  const answers = first.map(({ claim, input }, index) => ({ claim, answer: answerTo(input, decided[index]) }))
  await keepAnswers(trx, answers)
  const repeated = placements.filter((_, index) => !isFirst[index]).map(({ claim }) => claim)
  const kept = await keptAnswers(trx, repeated)
  const placed = new Map<Claim, Placed>(answers.map(({ claim, answer }) => [claim, answer]))
  repeated.forEach((claim, index) => placed.set(claim, kept[index] ?? new Error('A key has no answer')))
  return placements.map(({ claim }) => placed.get(claim) ?? new Error('A placement has no answer'))
}

function answerTo({ orderId }: PlaceOrder, decided: Decided<OrderVocabulary> | undefined): Answer {
  if (decided?.decision.is === 'refused') return { orderId, ...refusalOf(decided.decision.because) }
  if (decided?.state === undefined) throw new Error('An order was placed and is not there')
  const headers = { location: `/orders/${orderId}`, etag: etagOf(decided) }
  return {
    orderId,
    status: 202,
    headers,
    body: formatJson(represent({ order: decided.state, version: decided.version })),
  }
}
