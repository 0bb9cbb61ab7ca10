import { type Span, SpanKind, type Tracer } from '@opentelemetry/api'
import { backoffMs } from './backoff.ts'
import { decideItems } from './decide-all.ts'
import { type Delivery, read, Undecodable } from './delivery.ts'
import type { EffectsOf } from './effects.ts'
import { classify } from './failures.ts'
import type { Fold, Item, Verdict } from './fold.ts'
import type { KafkaMessage } from './kafka-client.ts'
import {
  endSpan,
  type Observer,
  outcomeOf,
  registeredTracer,
  startSpan,
  tellVerdict,
  traceparentAfter,
} from './observer.ts'
import { pause } from './pause.ts'
import { logVerdict } from './verdict-log.ts'
import type { Participant, Vocabulary } from './vocabulary.ts'

/** A message cannot be handled, and everything behind it in its partition waits. */
export class PartitionBlocked extends Error {
  override readonly name = 'PartitionBlocked'
}

/** A commit is shipped before it is visible, by some 40 ms under load. A row still missing after this long is lost. */
const notYetVisibleMaxMs = 2_000
const notYetDelays = { firstMs: 5, maxMs: 100 }
const infrastructureDelays = { firstMs: 100, maxMs: 5_000 }

/**
 * Handles messages of one partition in one transaction: the version gate and `decide` for each, then all they changed
 * at once. Resolves when every message is handled for good, and says whether there are effects to call.
 * @throws PartitionBlocked at a gap, an undecodable message, a row that stays invisible, or a failure by content. All
 * that could be handled is handled and will be recognised as a repeat.
 */
export async function handleBatch<V extends Vocabulary>(
  options: EffectsOf<V>,
  messages: readonly KafkaMessage[],
  signal: AbortSignal,
): Promise<{ readonly emitted: boolean }> {
  const startedAt = performance.now()
  const { items, undecodable } = readAll(options, messages)
  try {
    const handled = await handleAll(options, items, signal)
    if (undecodable !== undefined) {
      const { message: detail } = undecodable
      const verdict = { is: 'blocked', because: 'undecodable', detail } as const
      options.observer?.handled({ type: 'other', outcome: 'undecodable', verdict })
      throw undecodable
    }
    options.observer?.batchHandled({ messages: messages.length, seconds: (performance.now() - startedAt) / 1_000 })
    return handled
  } finally {
    for (const { span } of items) endSpan(span, { outcome: 'interrupted', failed: true })
  }
}

async function handleAll<V extends Vocabulary>(
  options: EffectsOf<V>,
  arrived: readonly Arrival<V>[],
  signal: AbortSignal,
): Promise<{ readonly emitted: boolean }> {
  let items = arrived
  let emitted = false
  let notYetSince: number | undefined
  for (let attempt = 1; items.length > 0; attempt += 1) {
    const { verdicts, fold } = await decideWhatever(options, items, signal)
    emitted ||= fold.emitted.length > 0
    const blocked = verdicts.filter((verdict) => verdict.is === 'blocked')
    // From the first look on that found nothing: an outage before it is not the row's fault.
    notYetSince ??= performance.now()
    const hopeless = blocked.find(({ because }) => because !== 'not-yet')
    const last = hopeless ?? (performance.now() - notYetSince > notYetVisibleMaxMs ? blocked[0] : undefined)
    tell(options, items, { verdicts, stops: last !== undefined })
    if (last !== undefined) throw new PartitionBlocked(`${last.because}: ${last.detail}`)
    items = items.filter((_, index) => verdicts[index]?.is === 'blocked')
    if (items.length > 0) await pause(backoffMs(attempt, notYetDelays), signal)
  }
  return { emitted }
}

/** A message that can be placed, and the span it is handled in. */
interface Arrival<V extends Vocabulary> extends Item<V> {
  readonly message: KafkaMessage
  readonly span: Span | undefined
}

/** The messages before the first that cannot even be placed: those at least can be handled. */
function readAll<V extends Vocabulary>({ participant }: EffectsOf<V>, messages: readonly KafkaMessage[]) {
  const tracer = registeredTracer()
  const items: Arrival<V>[] = []
  for (const message of messages) {
    try {
      items.push(arrivalOf(message, read(participant, message), tracer && spanner(participant, tracer)))
    } catch (error) {
      if (error instanceof Undecodable) return { items, undecodable: error }
      throw error
    }
  }
  return { items, undecodable: undefined }
}

/** When infrastructure fails nothing else could succeed either: waits and runs the same transaction again. */
async function decideWhatever<V extends Vocabulary>(
  { db, participant, log, troubles }: EffectsOf<V>,
  items: readonly Item<V>[],
  signal: AbortSignal,
): Promise<{ readonly verdicts: readonly Verdict<V>[]; readonly fold: Fold<V> }> {
  const keys = items.map(({ key }) => key)
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      const decided = await db.transaction().execute((trx) => decideItems(trx, participant, { keys, items }))
      troubles.clear('messages')
      return decided
    } catch (error) {
      const failure = classify(error)
      if (failure === 'content') throw error
      if (failure === 'infrastructure') {
        log.warn({ err: error, messages: items.length }, 'a batch failed for its surroundings, trying again')
        troubles.note('messages', error)
      }
      await pause(backoffMs(attempt, failure === 'conflict' ? notYetDelays : infrastructureDelays), signal)
    }
  }
}

type StartSpan = (message: KafkaMessage, type: string) => Span

function arrivalOf<V extends Vocabulary>(
  message: KafkaMessage,
  { key, position, type, cause, content }: Delivery<V>,
  start: StartSpan | undefined,
): Arrival<V> {
  const span = start?.(message, type)
  const traceparent = traceparentAfter(span, cause.traceparent)
  return { key, position, cause: { id: cause.id, traceparent }, input: content, message, span }
}

/** A span for each message and not for each batch: its trace goes on with what is said because of it, and no other. */
function spanner<V extends Vocabulary>({ name, listensTo: { topic } }: Participant<V>, tracer: Tracer): StartSpan {
  return ({ key, headers, partition, offset }, type) =>
    startSpan(tracer, {
      name: `handle ${type}`,
      kind: SpanKind.CONSUMER,
      traceparent: headers['traceparent'] ?? '',
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topic,
        'messaging.consumer.group.name': name,
        'messaging.destination.partition.id': `${partition}`,
        'messaging.kafka.offset': Number(offset),
        'messaging.message.id': headers['ce_id'] ?? '',
        'paysaga.order.id': key ?? '',
      },
    })
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
