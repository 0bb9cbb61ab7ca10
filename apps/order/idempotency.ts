import { createHash } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import { byteaArray, intArray, jsonbArray, textArray, uuidArray } from '#messaging'
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
  const [isFirst] = await claimKeys(trx, [claim])
  if (isFirst !== true) {
    const [kept] = await keptAnswers(trx, [claim])
    if (kept === undefined || kept instanceof Error) throw kept ?? new Error('A key has no answer')
    return kept
  }
  const answer = await decide()
  await keepAnswers(trx, [{ claim, answer }])
  return answer
}

/**
 * One statement, in the order of the keys: two transactions with the same keys wait for each other and never in a ring.
 * @returns for each claim whether its request is the first under its key; of two claims to one key the earlier is.
 */
export async function claimKeys(
  trx: Transaction<OrderDatabase>,
  claims: readonly Claim[],
): Promise<readonly boolean[]> {
  const { rows } = await sql<{ merchant_id: string; key: string }>`
    insert into idempotency_keys (merchant_id, key, fingerprint)
    select merchant_id, key, fingerprint
    from unnest(
      ${uuidArray(claims.map(({ merchantId }) => merchantId))}::uuid[], ${textArray(claims.map(({ key }) => key))}::text[],
      ${byteaArray(claims.map(({ fingerprint }) => fingerprint))}::bytea[]
    ) with ordinality as claim (merchant_id, key, fingerprint, position)
    order by merchant_id, key, position
    on conflict (merchant_id, key) do nothing
    returning merchant_id, key`.execute(trx)
  const claimed = new Set(rows.map(({ merchant_id, key }) => nameOf(merchant_id, key)))
  // Deleted where it is found: the second claim to a key does not find it.
  return claims.map(({ merchantId, key }) => claimed.delete(nameOf(merchantId, key)))
}

const nameOf = (merchantId: string, key: string): string => `${merchantId.toLowerCase()} ${key}`

/** One statement, however many. */
export async function keepAnswers(
  trx: Transaction<OrderDatabase>,
  kept: readonly { readonly claim: Claim; readonly answer: Answer }[],
): Promise<void> {
  if (kept.length === 0) return
  await sql`
    update idempotency_keys as claimed
    set order_id = answer.order_id, status = answer.status, headers = answer.headers, body = answer.body
    from unnest(
      ${uuidArray(kept.map(({ claim }) => claim.merchantId))}::uuid[], ${textArray(kept.map(({ claim }) => claim.key))}::text[],
      ${uuidArray(kept.map(({ answer }) => answer.orderId))}::uuid[], ${intArray(kept.map(({ answer }) => answer.status))}::int[],
      ${jsonbArray(kept.map(({ answer }) => JSON.stringify(answer.headers)))}::jsonb[],
      ${textArray(kept.map(({ answer }) => answer.body))}::text[]
    ) as answer (merchant_id, key, order_id, status, headers, body)
    where claimed.merchant_id = answer.merchant_id and claimed.key = answer.key`.execute(trx)
}

/**
 * Of keys that were claimed before, one statement. @returns for each claim its answer, or a `Problem` when the key stands
 * for another request: no failure of the transaction, which goes on.
 */
export async function keptAnswers(
  trx: Transaction<OrderDatabase>,
  claims: readonly Claim[],
): Promise<readonly (Answer | Error)[]> {
  if (claims.length === 0) return []
  const { rows } = await sql<KeptRow>`
    select merchant_id, key, fingerprint, order_id, status, headers, body
    from idempotency_keys
    where (merchant_id, key) in (select * from unnest(
      ${uuidArray(claims.map(({ merchantId }) => merchantId))}::uuid[],
      ${textArray(claims.map(({ key }) => key))}::text[]))`.execute(trx)
  const rowOf = new Map(rows.map((row) => [nameOf(row.merchant_id, row.key), row]))
  return claims.map((claim) => answerIn(rowOf.get(nameOf(claim.merchantId, claim.key)), claim))
}

interface KeptRow {
  readonly merchant_id: string
  readonly key: string
  readonly fingerprint: Buffer
  readonly order_id: string | null
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>> | null
  readonly body: string | null
}

function answerIn(row: KeptRow | undefined, { fingerprint }: Claim): Answer | Error {
  if (row === undefined) throw new Error('A key is claimed and is not there')
  const { order_id, status, headers, body } = row
  if (!row.fingerprint.equals(fingerprint)) return keyReused()
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
