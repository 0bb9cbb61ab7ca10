import { z } from 'zod'
import { choreography, type Service, topicOf } from '#contracts'
import { kafkaClient } from '../../../kafka/client.ts'
import { consumerLag, type GroupAndTopic } from '../../../kafka/lag.ts'
import type { Stack } from '../../../stack.ts'
import { withDatabase } from '../order/database.ts'
import type { GroupReport, SlotReport } from './report.ts'

/** What each group still has to handle. */
export async function groupsOf({ endpoints }: Stack): Promise<readonly GroupReport[]> {
  const expected = groupsOfTheSaga()
  const lags = await consumerLag(kafkaClient(endpoints.brokers), expected)
  return lags.map(({ lagMessages, ...lag }) => ({
    ...lag,
    lagMessages: Number(lagMessages),
    expected: expected.some(({ group }) => group === lag.group),
  }))
}

function groupsOfTheSaga(): readonly GroupAndTopic[] {
  const pairs = Object.values(choreography).flatMap((step) =>
    [...step.heardBy].map((service: Service) => ({ group: `${service}-service`, topic: topicOf(step.in) })),
  )
  return [...new Map(pairs.map((pair) => [`${pair.group} ${pair.topic}`, pair])).values()]
}

const slots = z.array(
  z.object({
    name: z.string(),
    active: z.boolean(),
    walStatus: z.string().nullable(),
    lagBytes: z.coerce.number().nullable(),
  }),
)

/**
 * What the connector of each slot has not confirmed yet. The write-ahead log is kept for a slot as long as it is there:
 * an inactive one fills the disk.
 */
export async function slotsOf(stack: Stack): Promise<readonly SlotReport[]> {
  return await withDatabase(stack, async (database) =>
    slots.parse(
      await database.rows(
        `select slot_name as name, active, wal_status as "walStatus",
                pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::text as "lagBytes"
         from pg_replication_slots where slot_type = 'logical' order by slot_name`,
      ),
    ),
  )
}
