import type { EffectsOf } from '../context.ts'
import type { Blocked, Verdict } from '../decide/fold.ts'
import type { Arrival } from '../message/arrival.ts'
import type { KafkaMessage } from '../message/kafka-message.ts'
import { endSpan, type Observer, outcomeOf, tellVerdict } from '../observability/observer.ts'
import { logVerdict } from '../observability/verdict-log.ts'
import type { Vocabulary } from '../types/vocabulary.ts'

interface Told<V extends Vocabulary> {
  readonly verdicts: readonly Verdict<V>[]
  readonly parked: ReadonlySet<Arrival<V>>
  readonly stops: boolean
}

/** Those that are blocked and not parked are looked at again, unless the partition `stops` here. */
export function tell<V extends Vocabulary>(
  options: EffectsOf<V>,
  items: readonly Arrival<V>[],
  { verdicts, parked, stops }: Told<V>,
): void {
  const nowMs = Date.now()
  verdicts.forEach((verdict, index) => {
    const item = items[index]
    if (item === undefined) return
    const isBlocked = verdict.is === 'blocked'
    if (isBlocked && !stops && !parked.has(item)) return logVerdict(options.log, item, verdict)
    tellVerdict(options, item, verdict)
    if (isBlocked && parked.has(item)) logParked(options, item, verdict)
    if (!isBlocked && verdict.is !== 'repeat') tellDelays(options.observer, item.message, nowMs)
    endSpan(item.span, { outcome: outcomeOf(verdict), failed: isBlocked })
  })
}

function logParked<V extends Vocabulary>(
  { log }: EffectsOf<V>,
  { key, cause, position }: Arrival<V>,
  verdict: Blocked,
): void {
  const { because, detail, error } = verdict
  const fields = { orderId: key, messageId: cause.id, version: position?.version, because, detail, err: error }
  log.error(fields, 'parked: it is tried again, and what follows of its key waits behind it')
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
