import { createHash } from 'node:crypto'
import type { Transaction } from 'kysely'
import { problem } from '#runtime'
import type { OrderDatabase } from './tables.ts'

/** What a repeated request is recognised by. */
export interface Claim {
  readonly merchantId: string
  readonly key: string
  readonly fingerprint: Buffer
}

export interface Answer {
  readonly orderId: string
  /** 2xx, or 409 or 422 for a business refusal. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text; of problem details when the status says so. */
  readonly body: string
}

/**
 * Gives every request under one key one answer. The claim comes first, so the loser of a race waits on the unique index
 * until the winner has committed or vanished, then replays the answer or makes it itself. Claim, decision and answer
 * commit together: after a rollback nothing was claimed.
 *
 * A business refusal is an answer like any other and is kept: the same request must not fail today and take effect
 * tomorrow because a retry was late. What was never decided (400, 401, 404, 503) claims nothing.
 * @throws Problem 422 when the key stands for another request
 */
export async function answerOnce(
  trx: Transaction<OrderDatabase>,
  claim: Claim,
  decide: () => Promise<Answer>,
): Promise<Answer> {
  if (!(await claimKey(trx, claim))) return await keptAnswer(trx, claim)
  const answer = await decide()
  await keepAnswer(trx, claim, answer)
  return answer
}

async function claimKey(trx: Transaction<OrderDatabase>, claim: Claim): Promise<boolean> {
  const { merchantId: merchant_id, key, fingerprint } = claim
  const claimed = await trx
    .insertInto('idempotency_keys')
    .values({ merchant_id, key, fingerprint })
    .onConflict((conflict) => conflict.columns(['merchant_id', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst()
  return claimed !== undefined
}

async function keepAnswer(trx: Transaction<OrderDatabase>, claim: Claim, answer: Answer): Promise<void> {
  const { orderId: order_id, status, body } = answer
  await trx
    .updateTable('idempotency_keys')
    .set({ order_id, status, headers: JSON.stringify(answer.headers), body })
    .where('merchant_id', '=', claim.merchantId)
    .where('key', '=', claim.key)
    .execute()
}

async function keptAnswer(trx: Transaction<OrderDatabase>, { merchantId, key, fingerprint }: Claim): Promise<Answer> {
  const { order_id, status, headers, body, ...kept } = await trx
    .selectFrom('idempotency_keys')
    .select(['fingerprint', 'order_id', 'status', 'headers', 'body'])
    .where('merchant_id', '=', merchantId)
    .where('key', '=', key)
    .executeTakeFirstOrThrow()
  if (!kept.fingerprint.equals(fingerprint)) throw keyReused()
  if (order_id === null || status === null || headers === null || body === null) {
    throw new Error('A key was committed without its answer')
  }
  return { orderId: order_id, status, headers: { ...headers, 'idempotent-replayed': 'true' }, body }
}

/**
 * sha-256 over method, path and the JSON as it was received, members sorted. Not over the bytes: a client library may
 * write the same value with other spaces or another order of members when it tries again. Not over the validated value:
 * a default added by a new release would turn the retries of the day into other requests.
 * @param body the JSON as parsed; undefined for none
 */
export function fingerprintOf(request: { readonly method: string; readonly path: string }, body: unknown): Buffer {
  const text = `${request.method} ${request.path}\n${JSON.stringify(body, withSortedMembers) ?? ''}`
  return createHash('sha256').update(text).digest()
}

function withSortedMembers(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

const keyReused = () =>
  problem({
    status: 422,
    code: 'idempotency_key_reused',
    title: 'This Idempotency-Key stands for another request',
    detail: 'Take a new key for a new request. The same key is for sending the same request again.',
    errors: [{ field: 'idempotency-key', detail: 'was used for another request' }],
  })
