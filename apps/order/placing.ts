import type { Kysely, Transaction } from 'kysely'
import { formatJson } from '#contracts'
import { asError, type Cause, classify, type Decided, decideAll, inBatches } from '#messaging'
import { type Answer, type Claim, claimKeys, keepAnswers, keptAnswer } from './idempotency.ts'
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

/** Requests that share a transaction. What waits longer than a transaction waits for the next. */
const batchMaxPlacements = 100

/**
 * Places orders. Requests that come at the same time share one transaction, so that a busy service spends its time on
 * orders and not on round trips. Each has its own answer, and one that cannot be written does not hold up the others.
 * @returns a function that rejects with a `Problem`, or with what kept the transaction from committing: then nothing
 * has happened
 */
export function orderPlacing(
  db: Kysely<OrderDatabase>,
  participant: OrderParticipant,
): (placement: Placement) => Promise<Answer> {
  const together = (placements: readonly Placement[]): Promise<readonly Placed[]> =>
    db.transaction().execute((trx) => placeAll(trx, participant, placements))
  const place = inBatches<Placement, Placed>({
    max: batchMaxPlacements,
    work: async (placements) => {
      try {
        return await together(placements)
      } catch (error) {
        if (placements.length === 1 || classify(error) !== 'content') throw error
        return await Promise.all(placements.map((placement) => together([placement]).then(only, asError)))
      }
    },
  })
  return async (placement) => {
    const placed = await place(placement)
    if (placed instanceof Error) throw placed
    return placed
  }
}

/** Claims, then orders, then answers: the lock order of every command. */
async function placeAll(
  trx: Transaction<OrderDatabase>,
  participant: OrderParticipant,
  placements: readonly Placement[],
): Promise<readonly Placed[]> {
  const isFirst = await claimKeys(
    trx,
    placements.map(({ claim }) => claim),
  )
  const first = placements.filter((_, index) => isFirst[index])
  const decided = await decideAll(
    trx,
    participant,
    first.map(({ input, cause }) => ({ key: input.orderId, input, cause })),
  )
  const answers = first.map(({ claim, input }, index) => ({ claim, answer: answerTo(input, decided[index]) }))
  await keepAnswers(trx, answers)
  const answerOf = new Map(answers.map(({ claim, answer }) => [claim, answer]))
  const placed: Placed[] = []
  for (const { claim } of placements) {
    placed.push(answerOf.get(claim) ?? (await keptAnswer(trx, claim)))
  }
  return placed
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

function only([placed]: readonly Placed[]): Placed {
  return placed ?? new Error('A placement has no answer')
}
