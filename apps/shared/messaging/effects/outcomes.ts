import type { EffectsOf } from '../context.ts'
import type { Item } from '../decide/fold.ts'
import { backoffMs, callDelays } from '../lib/backoff.ts'
import { failpoint } from '../lib/failpoint.ts'
import { classify } from '../lib/failures.ts'
import { inBatches } from '../lib/in-batches.ts'
import { pause } from '../lib/pause.ts'
import { tellVerdict } from '../observability/observer.ts'
import { announce } from '../outbox/announcements.ts'
import { decideInTransaction } from '../transaction/decide-in-transaction.ts'
import { type LeasedEffect, leaseSlackMs } from '../transaction/effect-rows.ts'
import type { OpenTransaction, Vocabulary } from '../types/vocabulary.ts'
import { deleteLeased, postpone } from './leases.ts'

/** What a call came to. */
export interface Answer<V extends Vocabulary> {
  readonly outcome: V['outcome']
  /** The effect is over. Otherwise this is only the first word: its outcome is unknown and it will be called again. */
  readonly ends: boolean
  /** Nobody was called: the horizon has passed. */
  readonly gaveUp?: boolean
}

interface Settlement<V extends Vocabulary> {
  readonly effect: LeasedEffect<V>
  readonly answer: Answer<V>
}

/** Outcomes that arrive together are decided in one transaction of at most so many. */
const batchMaxOutcomes = 100
const retryDelays = { firstMs: 20, maxMs: 1_000 }
const decisionDelays = { firstMs: 1_000, maxMs: 60_000 }

/** @returns a function that resolves when the outcome is decided and its effect deleted, or belongs to somebody else. */
export function settle<V extends Vocabulary>(options: EffectsOf<V>) {
  const add = inBatches<Settlement<V>, void>({
    max: batchMaxOutcomes,
    work: async (batch) => {
      await settleAll(options, batch)
      return batch.map(() => undefined)
    },
  })
  return (effect: LeasedEffect<V>, answer: Answer<V>): Promise<void> => add({ effect, answer })
}

async function settleAll<V extends Vocabulary>(options: EffectsOf<V>, batch: readonly Settlement<V>[]): Promise<void> {
  const deadline = performance.now() + leaseSlackMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await decideOutcomes(options, batch)
    } catch (error) {
      const failure = classify(error)
      if (failure === 'content') return await settleEachAlone(options, batch, error)
      if (performance.now() > deadline) throw error
      if (failure === 'infrastructure') await pause(backoffMs(attempt, retryDelays), never)
    }
  }
}
const never = new AbortController().signal

async function settleEachAlone<V extends Vocabulary>(
  options: EffectsOf<V>,
  batch: readonly Settlement<V>[],
  error: unknown,
): Promise<void> {
  const [only, ...others] = batch
  if (only === undefined) return
  if (others.length === 0) return await keepOutcome(options, only, error)
  const settled = await Promise.allSettled(batch.map((settlement) => settleAll(options, [settlement])))
  const failed = settled.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

async function decideOutcomes<V extends Vocabulary>(
  options: EffectsOf<V>,
  batch: readonly Settlement<V>[],
): Promise<void> {
  const { participant } = options
  let items: readonly Item<V>[] = []
  const { verdicts } = await decideInTransaction(options, {
    prepare: async (trx) => ({
      keys: batch.map(({ effect }) => effect.key),
      items: async () => {
        items = await stillOurs(trx, batch)
        return items
      },
    }),
    conclude: async (trx) => {
      const decided = new Set(items.map(({ cause }) => cause.id))
      const ended = batch.filter(({ effect, answer }) => answer.gaveUp && decided.has(effect.id))
      await announce(
        trx,
        participant.name,
        ended.map(({ effect }) => ({
          type: 'EffectGaveUp',
          subject: effect.key,
          cause: causeOf(effect),
          who: participant.name,
        })),
      )
    },
  })
  verdicts.forEach((verdict, index) => tellVerdict(options, items[index], verdict))
}

/** Of an error only its name: what follows quotes the other side. */
function causeOf<V extends Vocabulary>({ effect, lastError }: LeasedEffect<V>): string {
  const [reason = 'unknown'] = /^\w+(?=:|$)/.exec(lastError ?? '') ?? []
  return `${effect.type}: ${reason}`
}

/** The outcomes whose lease is still the one they were called with; somebody was faster with the others. */
async function stillOurs<V extends Vocabulary>(
  trx: OpenTransaction,
  batch: readonly Settlement<V>[],
): Promise<readonly Item<V>[]> {
  const ending = batch.filter(({ answer }) => answer.ends)
  const ours = new Set(
    ending.length === 0
      ? []
      : await deleteLeased(
          trx,
          ending.map(({ effect }) => effect),
        ),
  )
  failpoint('effect.deleted')
  for (const { effect, answer } of batch) {
    if (answer.ends) continue
    const delayMs = backoffMs(effect.attempt, callDelays)
    const next = { delayMs, error: 'outcome unknown', isUnknown: true, isUnsent: false, outcome: null }
    if (await postpone(trx, effect, next)) ours.add(effect.id)
  }
  return batch
    .filter(({ effect }) => ours.has(effect.id))
    .map(({ effect, answer }) => ({
      key: effect.key,
      input: answer.outcome,
      cause: { id: effect.id, traceparent: effect.traceparent },
    }))
}

/** The call is made and answered. What failed is deciding, and only that is tried again: the outcome rests in the row. */
async function keepOutcome<V extends Vocabulary>(
  { db, participant, log }: EffectsOf<V>,
  { effect, answer }: Settlement<V>,
  error: unknown,
): Promise<void> {
  log.error(
    { orderId: effect.key, effectId: effect.id, err: error },
    'deciding an outcome failed, its call is not made again',
  )
  // Who gave up has called nobody, and finds out by himself again that it is too late.
  const isKept = answer.ends && answer.gaveUp !== true
  await postpone(db, effect, {
    delayMs: backoffMs(effect.attempt, decisionDelays),
    error: String(error),
    isUnknown: false,
    isUnsent: false,
    outcome: isKept ? participant.codec.encode(answer.outcome) : null,
  })
}
