import { z } from 'zod'
import { choreography, type Service, topicOf } from '#contracts'
import { kafkaClient } from '../kafka/client.ts'
import { consumerLag, type GroupAndTopic } from '../kafka/lag.ts'
import type { Stack } from '../stack.ts'
import { printTable } from './output.ts'
import { queryRows } from './query.ts'

/** What each group still has to handle. */
export async function printConsumerLag({ endpoints }: Stack): Promise<void> {
  const lags = await consumerLag(kafkaClient(endpoints.brokers), groupsOfTheSaga())
  printTable([
    ['group', 'state', 'members', 'topic', 'lag'],
    ...lags.map(({ group, state, members, topic, lagMessages }) => [
      group,
      state,
      `${members}`,
      topic,
      `${lagMessages} messages`,
    ]),
  ])
}

function groupsOfTheSaga(): readonly GroupAndTopic[] {
  const pairs = Object.values(choreography).flatMap((step) =>
    [...step.heardBy].map((service: Service) => ({ group: `${service}-service`, topic: topicOf(step.in) })),
  )
  return [...new Map(pairs.map((pair) => [`${pair.group} ${pair.topic}`, pair])).values()]
}

const slots = z.array(
  z.object({
    slot_name: z.string(),
    active: z.boolean(),
    wal_status: z.string().nullable(),
    lag_bytes: z.string().nullable(),
  }),
)

/**
 * What the connector of each slot has not confirmed yet. The write-ahead log is kept for a slot as long as it is there:
 * an inactive one fills the disk.
 */
export async function printSlots({ endpoints }: Stack): Promise<void> {
  const rows = slots.parse(
    await queryRows(
      endpoints.adminUrl,
      `select slot_name, active, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::text as lag_bytes
       from pg_replication_slots where slot_type = 'logical' order by slot_name`,
    ),
  )
  printTable([
    ['slot', 'state', 'write-ahead log', 'lag'],
    ...rows.map(({ slot_name, active, wal_status, lag_bytes }) => [
      slot_name,
      active ? 'active' : 'inactive',
      wal_status ?? '',
      `${lag_bytes ?? '?'} bytes`,
    ]),
  ])
}
