import { type Span, SpanKind, type Tracer } from '@opentelemetry/api'
import type { Item } from '../decide/fold.ts'
import { startSpan, traceparentAfter } from '../observability/observer.ts'
import type { Participant, Vocabulary } from '../types/vocabulary.ts'
import { read } from './delivery.ts'
import type { KafkaMessage } from './kafka-message.ts'

/** A message that can be placed, and the span it is handled in. */
export interface Arrival<V extends Vocabulary> extends Item<V> {
  readonly message: KafkaMessage
  readonly type: string
  readonly span: Span | undefined
}

/** @throws Unplaceable when the message cannot even be placed */
export function arrivalOf<V extends Vocabulary>(
  participant: Participant<V>,
  message: KafkaMessage,
  tracer: Tracer | undefined,
): Arrival<V> {
  const { key, position, type, cause, content } = read(participant, message)
  const span = tracer && spanOf(tracer, participant, { message, type })
  const traceparent = traceparentAfter(span, cause.traceparent)
  return { key, position, cause: { id: cause.id, traceparent }, input: content, message, type, span }
}

/** A span for each message and not for each batch: its trace goes on with what is said because of it, and no other. */
function spanOf<V extends Vocabulary>(
  tracer: Tracer,
  { name, listensTo: { topic } }: Participant<V>,
  { message: { key, headers, partition, offset }, type }: { readonly message: KafkaMessage; readonly type: string },
): Span {
  return startSpan(tracer, {
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
