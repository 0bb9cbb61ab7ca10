import type { EffectsOf } from '../context.ts'
import { batchMaxMessages } from '../kafka/kafka-client.ts'
import { backoffMs } from '../lib/backoff.ts'
import { asError, classify, reasonOf, tookTooLong } from '../lib/failures.ts'
import { inBatches } from '../lib/in-batches.ts'
import { pause } from '../lib/pause.ts'
import { type Arrival, arrivalOf } from '../message/arrival.ts'
import { Failing, Unplaceable } from '../message/delivery.ts'
import type { KafkaMessage } from '../message/kafka-message.ts'
import { endSpan, registeredTracer } from '../observability/observer.ts'
import { keepUnplaceable, park, type ToPark } from '../parking/parking.ts'
import { decideInTransaction } from '../transaction/decide-in-transaction.ts'
import type { Vocabulary } from '../types/vocabulary.ts'
import { Breaker } from './breaker.ts'
import { handledKeys, isOpen, type Plan, planOf, type Share } from './share.ts'
import { tell } from './tell-batch.ts'

const notYetDelays = { firstMs: 5, maxMs: 100 }
const infrastructureDelays = { firstMs: 100, maxMs: 5_000 }

/** What one partition has for us. */
export interface Batch {
  readonly messages: readonly KafkaMessage[]
  /** Aborted when the partition is taken away, or the process stops. */
  readonly signal: AbortSignal
}

export interface MessagesOf<V extends Vocabulary> extends EffectsOf<V> {
  /** Remembers from batch to batch who has failed. Left out: nobody does. */
  readonly breaker?: Breaker
  /** Some messages are parked, and want to be tried again soon. */
  readonly onParked?: () => void
}

/**
 * The batches that several partitions have at one time are handled in one transaction.
 * @returns a function that resolves when every message of its batch is handled or parked, and otherwise rejects with
 * what keeps the partition from going on
 */
export function messageHandler<V extends Vocabulary>(options: MessagesOf<V>): (batch: Batch) => Promise<void> {
  const breaker = new Breaker()
  const handle = inBatches<Batch, Error | undefined>({
    max: batchMaxMessages,
    weigh: ({ messages }) => messages.length,
    work: (batches) => handleBatches({ ...options, breaker }, batches),
  })
  return async (batch) => {
    const obstacle = await handle(batch)
    if (obstacle !== undefined) throw obstacle
  }
}

/**
 * Handles messages in one transaction: the version gate and `decide` for each, then all they changed at once. Whoever
 * cannot be handled is parked by key, and the others go on.
 * @returns for each batch undefined, when every message is handled or parked, or what keeps its partition from going on:
 * `PartitionBlocked` when too many keys fail alike, or the signal's reason. What was handled is recognised as a repeat.
 */
export async function handleBatches<V extends Vocabulary>(
  options: MessagesOf<V>,
  batches: readonly Batch[],
): Promise<readonly (Error | undefined)[]> {
  const startedAt = performance.now()
  const shares = batches.map((batch) => shareOf(options, batch))
  const spans = shares.flatMap(({ items }) => items.map(({ span }) => span))
  try {
    const error = await handleTogether(options, shares)
    if (error !== undefined) await handleApart(options, shares, error)
    const handled = batches.filter((_, index) => shares[index]?.obstacle === undefined)
    const messages = handled.reduce((sum, batch) => sum + batch.messages.length, 0)
    if (messages > 0) options.observer?.batchHandled({ messages, seconds: (performance.now() - startedAt) / 1_000 })
    return shares.map(({ obstacle }) => obstacle)
  } finally {
    for (const span of spans) endSpan(span, { outcome: 'interrupted', failed: true })
  }
}

/**
 * When infrastructure fails nothing else could succeed either: waits and runs the same transaction again.
 * @returns the failure by content that nothing of it survived
 */
async function handleTogether<V extends Vocabulary>(
  options: MessagesOf<V>,
  shares: readonly Share<V>[],
): Promise<unknown> {
  let atMost = batchMaxMessages
  for (let attempt = 1; ; attempt += 1) {
    for (const share of shares.filter(isOpen)) if (share.signal.aborted) share.obstacle = asError(share.signal.reason)
    const open = shares.filter(isOpen)
    if (open.length === 0) return undefined
    let delays = notYetDelays
    try {
      if (await decideSome(options, open, atMost)) continue
    } catch (error) {
      const failure = classify(error)
      if (failure === 'content') return error
      if (failure === 'infrastructure') {
        noteSurroundings(options, error)
        delays = infrastructureDelays
      }
      if (tookTooLong(error))
        atMost = Math.ceil(Math.min(atMost, Math.max(...open.map(({ items }) => items.length))) / 2)
    }
    if (!open.some(isOpen)) return undefined
    await pause(backoffMs(attempt, delays), AbortSignal.any(open.map(({ signal }) => signal)))
  }
}

function noteSurroundings<V extends Vocabulary>({ log, troubles }: EffectsOf<V>, error: unknown): void {
  log.warn({ err: error }, 'a batch failed for its surroundings, trying again')
  troubles.note('messages', error)
}

/**
 * What one aggregate's messages contain is not the others' fault: each key is tried alone, and nothing is parked for it
 * yet. Then all that is left is looked at together, so that the breaker sees all of it.
 */
async function handleApart<V extends Vocabulary>(
  options: MessagesOf<V>,
  shares: readonly Share<V>[],
  error: unknown,
): Promise<void> {
  options.log.warn({ err: error }, 'a batch failed for its content, and is taken apart')
  const open = shares.filter(isOpen)
  for (const share of open) {
    const keys = [...Map.groupBy(share.items, ({ key }) => key).values()]
    const left: Arrival<V>[] = []
    for (const items of keys) left.push(...(await handleAlone(options, share, items)))
    share.items = left
  }
  if ((await handleTogether(options, open)) === undefined) return
  // A row that cannot even be read, or a bug of this library in parking: no message is let go for it.
  for (const share of open.filter(isOpen)) {
    const unparked = await handleTogether(options, [share])
    if (unparked !== undefined) share.obstacle = asError(unparked)
  }
}

/** @returns those that are blocked; all of them as failing, when the database refuses what is decided on them */
async function handleAlone<V extends Vocabulary>(
  options: MessagesOf<V>,
  share: Share<V>,
  items: readonly Arrival<V>[],
): Promise<readonly Arrival<V>[]> {
  for (let attempt = 1; !share.signal.aborted; attempt += 1) {
    try {
      const keys = items.map(({ key }) => key)
      const { verdicts } = await decideInTransaction(options, { prepare: () => Promise.resolve({ keys, items }) })
      for (const key of handledKeys({ ...share, items }, verdicts)) share.handled.add(key)
      tell(options, items, { verdicts, parked: new Set(), stops: false })
      return items.filter((_, index) => verdicts[index]?.is === 'blocked')
    } catch (error) {
      const failure = classify(error)
      if (failure === 'content') return items.map((item) => ({ ...item, input: new Failing(error) }))
      if (failure === 'infrastructure') {
        noteSurroundings(options, error)
        await pause(backoffMs(attempt, infrastructureDelays), share.signal)
      }
    }
  }
  return items
}

/**
 * Of each share so many messages at most; the others stay for the next round, and so does what is none of ours: it is
 * weighed against all the keys.
 * @returns whether what was looked at is done with: the next round need not wait
 */
async function decideSome<V extends Vocabulary>(
  options: MessagesOf<V>,
  shares: readonly Share<V>[],
  atMost: number,
): Promise<boolean> {
  const later = shares.map(({ items, unplaceable }) => {
    const left = items.slice(atMost)
    return { left, unplaceable: left.length > 0 ? unplaceable : [] }
  })
  shares.forEach((share, index) => {
    share.items = share.items.slice(0, atMost)
    if ((later[index]?.left.length ?? 0) > 0) share.unplaceable = []
  })
  try {
    await decideOnce(options, shares)
    return shares.every(({ items }) => items.length === 0)
  } finally {
    shares.forEach((share, index) => {
      const { left = [], unplaceable = [] } = later[index] ?? {}
      if (share.items.length === 0) share.notYetSince = undefined
      share.items = [...share.items, ...left]
      share.unplaceable = [...share.unplaceable, ...unplaceable]
    })
  }
}

async function decideOnce<V extends Vocabulary>(options: MessagesOf<V>, shares: readonly Share<V>[]): Promise<void> {
  const { participant, breaker = new Breaker(), troubles, log } = options
  const owner = { name: participant.name, topic: participant.listensTo.topic }
  const items = shares.flatMap((share) => share.items)
  const keys = items.map(({ key }) => key)
  let written: { readonly plan: Plan<V>; readonly forged: readonly ToPark[] } | undefined
  await decideInTransaction(options, {
    prepare: () => Promise.resolve({ keys, items }),
    conclude: async (trx, { verdicts }) => {
      const plan = planOf(breaker, shares, verdicts)
      await keepUnplaceable(trx, owner, plan.toKeep)
      written = { plan, forged: await park(trx, owner, plan.toPark) }
    },
  })
  troubles.clear('messages')
  if (written === undefined) return
  const { plan, forged } = written
  for (const { message, error } of plan.toKeep) {
    const { partition, offset } = message
    log.error({ topic: owner.topic, partition, offset, because: error }, 'kept a message that is none of ours')
    const verdict = { is: 'blocked', because: 'undecodable', detail: error } as const
    options.observer?.handled({ type: 'other', outcome: 'undecodable', verdict })
  }
  for (const { key, version, messageId } of forged) {
    log.error({ orderId: key, messageId, version, outcome: 'alarm' }, 'a version came again under another id')
  }
  if (plan.toPark.length > 0) options.onParked?.()
  for (const [share, { verdicts, parked, obstacle }] of plan.shares) {
    for (const key of handledKeys(share, verdicts)) share.handled.add(key)
    tell(options, share.items, { verdicts, parked, stops: obstacle !== undefined })
    share.obstacle ??= obstacle
    if (obstacle === undefined) share.unplaceable = []
    share.items = share.items.filter((item, index) => verdicts[index]?.is === 'blocked' && !parked.has(item))
  }
}

/** Spares the spans of messages that cannot even be placed: they belong to no trace. */
function shareOf<V extends Vocabulary>({ participant }: EffectsOf<V>, { messages, signal }: Batch): Share<V> {
  const tracer = registeredTracer()
  const items: Arrival<V>[] = []
  const unplaceable: Share<V>['unplaceable'][number][] = []
  for (const message of messages) {
    try {
      items.push(arrivalOf(participant, message, tracer))
    } catch (error) {
      if (!(error instanceof Unplaceable)) throw error
      unplaceable.push({ message, error: reasonOf(error) })
    }
  }
  return { signal, items, unplaceable, handled: new Set(), notYetSince: undefined, obstacle: undefined }
}
