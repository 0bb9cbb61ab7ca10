import { type Arrival, arrivalOf } from './arrival.ts'
import { backoffMs } from './backoff.ts'
import { decideInTransaction } from './decide-in-transaction.ts'
import { Undecodable } from './delivery.ts'
import type { EffectsOf } from './effects.ts'
import { asError, classify } from './failures.ts'
import type { Verdict } from './fold.ts'
import { inBatches } from './in-batches.ts'
import { batchMaxMessages, type KafkaMessage } from './kafka-client.ts'
import { endSpan, type Observer, outcomeOf, registeredTracer, tellVerdict } from './observer.ts'
import { pause } from './pause.ts'
import { logVerdict } from './verdict-log.ts'
import type { Vocabulary } from './vocabulary.ts'

/** A message cannot be handled, and everything behind it in its partition waits. */
export class PartitionBlocked extends Error {
  override readonly name = 'PartitionBlocked'
}

/** A commit is shipped before it is visible, by some 40 ms under load. A row still missing after this long is lost. */
const notYetVisibleMaxMs = 2_000
const notYetDelays = { firstMs: 5, maxMs: 100 }
const infrastructureDelays = { firstMs: 100, maxMs: 5_000 }

/** What one partition has for us. */
export interface Batch {
  readonly messages: readonly KafkaMessage[]
  /** Aborted when the partition is taken away, or the process stops. */
  readonly signal: AbortSignal
}

/**
 * The batches that several partitions have at one time are handled in one transaction.
 * @returns a function that resolves when every message of its batch is handled for good, and otherwise rejects with
 * what keeps the partition from going on
 */
export function messageHandler<V extends Vocabulary>(options: EffectsOf<V>): (batch: Batch) => Promise<void> {
  const handle = inBatches<Batch, Error | undefined>({
    max: batchMaxMessages,
    weigh: ({ messages }) => messages.length,
    work: (batches) => handleBatches(options, batches),
  })
  return async (batch) => {
    const obstacle = await handle(batch)
    if (obstacle !== undefined) throw obstacle
  }
}

/**
 * Handles messages in one transaction: the version gate and `decide` for each, then all they changed at once.
 * @returns for each batch undefined, when every message is handled for good, or what keeps its partition from going on:
 * `PartitionBlocked` at a gap or a row that stays invisible, `Undecodable`, a failure by content, or the signal's
 * reason. What was handled is recognised as a repeat; a failure by content takes the whole batch of its partition back.
 */
export async function handleBatches<V extends Vocabulary>(
  options: EffectsOf<V>,
  batches: readonly Batch[],
): Promise<readonly (Error | undefined)[]> {
  const startedAt = performance.now()
  const shares = batches.map((batch) => shareOf(options, batch))
  try {
    await handleTogether(options, shares)
    for (const share of shares) {
      if (share.undecodable === undefined || share.obstacle !== undefined) continue
      const { message: detail } = share.undecodable
      const verdict = { is: 'blocked', because: 'undecodable', detail } as const
      options.observer?.handled({ type: 'other', outcome: 'undecodable', verdict })
      share.obstacle = share.undecodable
    }
    const handled = batches.filter((_, index) => shares[index]?.obstacle === undefined)
    const messages = handled.reduce((sum, batch) => sum + batch.messages.length, 0)
    if (messages > 0) options.observer?.batchHandled({ messages, seconds: (performance.now() - startedAt) / 1_000 })
    return shares.map(({ obstacle }) => obstacle)
  } finally {
    for (const { items } of shares) {
      for (const { span } of items) endSpan(span, { outcome: 'interrupted', failed: true })
    }
  }
}

/** A partition's part of a transaction. */
interface Share<V extends Vocabulary> {
  readonly signal: AbortSignal
  /** Those that are not handled yet. */
  items: readonly Arrival<V>[]
  /** What follows them and cannot even be placed. */
  readonly undecodable: Undecodable | undefined
  notYetSince: number | undefined
  /** Why the partition does not go on. */
  obstacle: Error | undefined
}

const isOpen = <V extends Vocabulary>({ items, obstacle }: Share<V>) => items.length > 0 && obstacle === undefined

/** When infrastructure fails nothing else could succeed either: waits and runs the same transaction again. */
async function handleTogether<V extends Vocabulary>(options: EffectsOf<V>, shares: readonly Share<V>[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    for (const share of shares.filter(isOpen)) if (share.signal.aborted) share.obstacle = asError(share.signal.reason)
    const open = shares.filter(isOpen)
    if (open.length === 0) return
    let delays = notYetDelays
    try {
      await decideOnce(options, open)
    } catch (error) {
      const failure = classify(error)
      if (failure === 'content') return await handleEachAlone(options, open, error)
      if (failure === 'infrastructure') {
        options.log.warn({ err: error }, 'a batch failed for its surroundings, trying again')
        options.troubles.note('messages', error)
        delays = infrastructureDelays
      }
    }
    if (!open.some(isOpen)) return
    await pause(backoffMs(attempt, delays), AbortSignal.any(open.map(({ signal }) => signal)))
  }
}

/** What one partition's messages contain is not the others' fault. */
async function handleEachAlone<V extends Vocabulary>(
  options: EffectsOf<V>,
  shares: readonly Share<V>[],
  error: unknown,
): Promise<void> {
  const [only, ...others] = shares
  if (only !== undefined && others.length === 0) {
    only.obstacle = asError(error)
    return
  }
  options.log.warn({ err: error }, 'a batch failed for its content, and is handled one partition after the other')
  for (const share of shares) await handleTogether(options, [share])
}

async function decideOnce<V extends Vocabulary>(options: EffectsOf<V>, shares: readonly Share<V>[]): Promise<void> {
  const items = shares.flatMap((share) => share.items)
  const keys = items.map(({ key }) => key)
  const { verdicts } = await decideInTransaction(options, () => Promise.resolve({ keys, items }))
  options.troubles.clear('messages')
  let from = 0
  for (const share of shares) {
    const to = from + share.items.length
    conclude(options, share, verdicts.slice(from, to))
    from = to
  }
}

/** Leaves those in the share that must be looked at again, or says why that is of no use. */
function conclude<V extends Vocabulary>(options: EffectsOf<V>, share: Share<V>, verdicts: readonly Verdict<V>[]): void {
  const blocked = verdicts.filter((verdict) => verdict.is === 'blocked')
  // From the first look on that found nothing: an outage before it is not the row's fault.
  share.notYetSince ??= performance.now()
  const hopeless = blocked.find(({ because }) => because !== 'not-yet')
  const last = hopeless ?? (performance.now() - share.notYetSince > notYetVisibleMaxMs ? blocked[0] : undefined)
  tell(options, share.items, { verdicts, stops: last !== undefined })
  if (last !== undefined) share.obstacle = new PartitionBlocked(`${last.because}: ${last.detail}`)
  else share.items = share.items.filter((_, index) => verdicts[index]?.is === 'blocked')
}

/** The messages before the first that cannot even be placed: those at least can be handled. */
function shareOf<V extends Vocabulary>({ participant }: EffectsOf<V>, { messages, signal }: Batch): Share<V> {
  const tracer = registeredTracer()
  const items: Arrival<V>[] = []
  const share = { signal, items, undecodable: undefined, notYetSince: undefined, obstacle: undefined }
  for (const message of messages) {
    try {
      items.push(arrivalOf(participant, message, tracer))
    } catch (error) {
      if (error instanceof Undecodable) return { ...share, undecodable: error }
      throw error
    }
  }
  return share
}

/** Those that are blocked are looked at again, unless the partition `stops` here. */
function tell<V extends Vocabulary>(
  options: EffectsOf<V>,
  items: readonly Arrival<V>[],
  { verdicts, stops }: { readonly verdicts: readonly Verdict<V>[]; readonly stops: boolean },
): void {
  const nowMs = Date.now()
  verdicts.forEach((verdict, index) => {
    const item = items[index]
    if (item === undefined) return
    const isBlocked = verdict.is === 'blocked'
    if (isBlocked && !stops) return logVerdict(options.log, item, verdict)
    tellVerdict(options, item, verdict)
    if (!isBlocked && verdict.is !== 'repeat') tellDelays(options.observer, item.message, nowMs)
    endSpan(item.span, { outcome: outcomeOf(verdict), failed: isBlocked })
  })
}

/** Clocks differ: a delay below zero is none. */
function tellDelays<V extends Vocabulary>(
  observer: Observer<V> | undefined,
  { headers, timestampMs }: KafkaMessage,
  nowMs: number,
): void {
  if (observer === undefined || timestampMs === undefined) return
  const saidMs = Date.parse(headers['ce_time'] ?? '')
  if (!Number.isFinite(timestampMs - saidMs)) return
  observer.delays({
    shippedSeconds: Math.max(0, timestampMs - saidMs) / 1_000,
    handledSeconds: Math.max(0, nowMs - timestampMs) / 1_000,
  })
}
