import { type Admin, type Kafka, withAdmin } from './client.ts'

/** How far a consumer group is behind in a topic. */
export interface GroupLag {
  readonly group: string
  /** As Kafka calls it: Stable, Empty (nobody is in it), PreparingRebalance, Dead (there is no such group). */
  readonly state: string
  readonly members: number
  readonly topic: string
  /** From the committed offsets to the ends. Offsets are committed about once a second, so under load it is never 0. */
  readonly lagMessages: bigint
}

export interface GroupAndTopic {
  readonly group: string
  readonly topic: string
}

/** The lag of those groups that should be, whether they ever came or not, and of whoever else has committed offsets. */
export async function consumerLag(kafka: Kafka, expected: readonly GroupAndTopic[]): Promise<readonly GroupLag[]> {
  return await withAdmin(kafka, async (admin) => {
    const { groups } = await admin.listGroups()
    // Kafka Connect's workers are a group of another protocol: they share connectors and commit nothing.
    const others = groups.filter(({ protocolType }) => protocolType !== 'connect').map(({ groupId }) => groupId)
    const names = [...new Set([...expected.map(({ group }) => group), ...others])]
    const described = new Map((await admin.describeGroups(names)).groups.map((each) => [each.groupId, each]))
    const lags = await Promise.all(
      names.map(async (group) => {
        const wanted = expected.filter((each) => each.group === group).map(({ topic }) => topic)
        const { state = 'Dead', members = [] } = described.get(group) ?? {}
        return (await lagOf(admin, group, wanted)).map((lag) => ({ ...lag, group, state, members: members.length }))
      }),
    )
    return lags.flat()
  })
}

async function lagOf(
  admin: Admin,
  group: string,
  wanted: readonly string[],
): Promise<readonly Pick<GroupLag, 'topic' | 'lagMessages'>[]> {
  const committed = new Map((await admin.fetchOffsets({ groupId: group })).map((each) => [each.topic, each.partitions]))
  const topics = [...new Set([...wanted, ...committed.keys()])]
  return await Promise.all(
    topics.map(async (topic) => {
      const offsets = new Map(committed.get(topic)?.map(({ partition, offset }) => [partition, BigInt(offset)]))
      const ends = await admin.fetchTopicOffsets(topic)
      const behind = ends.map(({ partition, low, high }) => {
        const offset = offsets.get(partition) ?? -1n
        // A group that never committed begins with the oldest message.
        return BigInt(high) - (offset < 0n ? BigInt(low) : offset)
      })
      return { topic, lagMessages: behind.reduce((sum, messages) => sum + messages, 0n) }
    }),
  )
}
