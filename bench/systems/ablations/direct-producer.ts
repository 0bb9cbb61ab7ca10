import { randomUUIDv7 } from 'node:crypto'
import { clientOf } from '../../../apps/shared/messaging/kafka/kafka-client.ts'
import { inBatches } from '../../../apps/shared/messaging/lib/in-batches.ts'
import type { OutboxEvent } from '../../../apps/shared/messaging/outbox/outbox.ts'
import type { Log } from '../../../apps/shared/messaging/types/vocabulary.ts'
import { readBrokers } from './config.ts'

/** Resolves when the broker has the events. Those of earlier calls are there before. */
export type Produce = (events: readonly OutboxEvent[]) => Promise<void>

/** Of one request: what comes while one is under way makes the next, so that nothing overtakes. */
const batchMaxEvents = 500
/** Only consumers have one. */
const sessionTimeoutMs = 0

/** Connects when it is first used. Messages are those that Debezium makes of the outbox's rows. */
export function directProducer({ service, log }: { readonly service: string; readonly log: Log }): Produce {
  const client = clientOf({ brokers: readBrokers(), clientId: `${service}-producer`, sessionTimeoutMs }, log)
  const producer = client.producer({ allowAutoTopicCreation: false })
  let connecting: Promise<void> | undefined
  return inBatches<readonly OutboxEvent[], void>({
    max: batchMaxEvents,
    weigh: (events) => events.length,
    work: async (batches) => {
      connecting ??= producer.connect()
      await connecting
      const streams = Map.groupBy(batches.flat(), ({ stream }) => stream)
      const topicMessages = [...streams].map(([stream, events]) => ({
        topic: `${stream}.events`,
        messages: events.map(messageOf),
      }))
      await producer.sendBatch({ acks: -1, topicMessages })
      return batches.map(() => undefined)
    },
  })
}

function messageOf(event: OutboxEvent) {
  const id = randomUUIDv7()
  const headers = {
    id,
    ce_id: id,
    ce_type: event.type,
    ce_source: event.source,
    ce_specversion: '1.0',
    ce_time: new Date().toISOString(),
    ce_aggregateversion: `${event.version}`,
    ce_correlationid: event.correlationId,
    ce_causationid: event.causationId,
    traceparent: event.traceparent,
    'content-type': 'application/json',
  }
  return { key: event.key, value: event.payload, headers }
}
