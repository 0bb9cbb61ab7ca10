import { randomUUIDv7 } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import { formatJson } from '#contracts'
import { type Cause, type Decided, decideAll, failpoint, type Input, type Log } from '#messaging'
import { problem } from '#runtime'
import { type Answer, answerOnce } from './idempotency.ts'
import { orderPlacing } from './placing.ts'
import { refusalOf } from './refusals.ts'
import { etagOf, represent, representRefund } from './representation.ts'
import type { OrderParticipant } from './saga.ts'
import { findOrder } from './store.ts'
import type { OrderDatabase } from './tables.ts'
import type { OrderVocabulary, PlaceOrder, RequestRefund } from './vocabulary.ts'

/** Who asks, and whether it asks again. */
export interface Caller {
  readonly merchantId: string
  /** Undefined: every request is a new one. */
  readonly key: string | undefined
  readonly fingerprint: Buffer
  readonly cause: Cause
}

/** One whose request may come again: no order is placed twice. */
export interface KeyedCaller extends Caller {
  readonly key: string
}

/** What a merchant can tell the order service. Nothing has happened if it throws. */
export interface OrderCommands {
  place(caller: KeyedCaller, wanted: Omit<PlaceOrder, 'type' | 'orderId' | 'merchantId'>): Promise<Answer>
  cancel(caller: Caller, orderId: string): Promise<Answer>
  refund(caller: Caller, orderId: string, wanted: Omit<RequestRefund, 'type' | 'refundId'>): Promise<Answer>
}

export function orderCommands(db: Kysely<OrderDatabase>, participant: OrderParticipant, log: Log): OrderCommands {
  const run = async (caller: Caller, command: Command): Promise<Answer> => {
    const answered = await db.transaction().execute((trx) => answer({ trx, participant, caller }, command))
    failpoint('command.committed')
    return tell(log, caller, { command: command.input.type, answer: answered })
  }
  const placed = orderPlacing({ db, participant, log })
  return {
    place: async (caller, wanted) => {
      const { merchantId, cause } = caller
      const input = { ...wanted, type: 'PlaceOrder', orderId: randomUUIDv7(), merchantId } as const
      return tell(log, caller, { command: input.type, answer: await placed({ claim: caller, input, cause }) })
    },
    cancel: (caller, orderId) => run(caller, { orderId, input: { type: 'CancelOrder' }, says: cancelled }),
    refund: (caller, orderId, wanted) => {
      const refundId = randomUUIDv7()
      return run(caller, {
        orderId,
        input: { ...wanted, type: 'RequestRefund', refundId },
        says: (decided) => refunding(decided, refundId),
      })
    },
  }
}

type DecidedOrder = Decided<OrderVocabulary>

interface Command {
  readonly orderId: string
  readonly input: Input<OrderVocabulary>
  readonly says: (decided: DecidedOrder) => Omit<Answer, 'orderId'>
}

interface Transacted {
  readonly trx: Transaction<OrderDatabase>
  readonly participant: OrderParticipant
  readonly caller: Caller
}

async function answer({ trx, participant, caller }: Transacted, { orderId, input, says }: Command): Promise<Answer> {
  const { merchantId, key, fingerprint, cause } = caller
  if ((await findOrder(trx, { merchantId, orderId })) === undefined) throw orderNotFound()
  const decide = async (): Promise<Answer> => {
    const [decided] = await decideAll(trx, participant, [{ key: orderId, input, cause }])
    if (decided === undefined) throw new Error('A command was not decided')
    const { decision } = decided
    return { orderId, ...(decision.is === 'refused' ? refusalOf(decision.because) : says(decided)) }
  }
  return key === undefined ? await decide() : await answerOnce(trx, { merchantId, key, fingerprint }, decide)
}

function tell(log: Log, { cause }: Caller, { command, answer }: { command: string; answer: Answer }): Answer {
  const isReplay = 'idempotent-replayed' in answer.headers
  log.info({ orderId: answer.orderId, messageId: cause.id, command, status: answer.status, isReplay }, 'answered')
  return answer
}

/** 202, for the money is still to follow; 200 when there was nothing left to do. */
function cancelled(decided: DecidedOrder): Omit<Answer, 'orderId'> {
  const order = orderIn(decided)
  const status = decided.decision.is === 'applied' ? 202 : 200
  return {
    status,
    headers: { etag: etagOf(decided) },
    body: formatJson(represent({ order, version: decided.version })),
  }
}

function refunding(decided: DecidedOrder, refundId: string): Omit<Answer, 'orderId'> {
  const { orderId, refunds } = orderIn(decided)
  const refund = refunds.find(({ id }) => id === refundId)
  if (refund === undefined) throw new Error('A refund was granted and is not there')
  const headers = { location: `/orders/${orderId}/refunds`, etag: etagOf(decided) }
  return { status: 202, headers, body: formatJson(representRefund(refund)) }
}

function orderIn({ state }: DecidedOrder): OrderVocabulary['state'] {
  if (state === undefined) throw new Error('A command was answered without an order')
  return state
}

export const orderNotFound = () => problem({ status: 404, code: 'order_not_found', title: 'There is no such order' })
