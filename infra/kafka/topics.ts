import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { type Admin, isRetriable, kafkaClient, withAdmin } from './client.ts'

const createTimeoutMs = 60_000
const servedPollMs = 50
/** `default.replication.factor` of server.properties: one node has one copy, a cluster has three. */
const brokersDefault = -1

export interface TopicsResult {
  readonly created: readonly string[]
  readonly different: readonly { readonly name: string; readonly wanted: number; readonly actual: number }[]
}

/** What to say of a topic that has other numbers than wanted. */
export const differentWarning = ({ name, wanted, actual }: TopicsResult['different'][number]): string =>
  `WARNING: ${name} has ${actual} partitions, not ${wanted}, and keeps them: its keys would move.`

export interface TopicsOptions {
  readonly brokers: readonly string[]
  /** Instead of the number in topics.json, for topics with more than one partition. */
  readonly partitions?: number | undefined
  /** Instead of those of topics.json: topics of other streams, with the settings of `order.events`. */
  readonly names?: readonly string[] | undefined
}

/**
 * Makes the topics that are missing, of topics.json or of `names`. Never grows one that exists: its keys would move to
 * other partitions and overtake themselves. Where the numbers differ the caller is told, and should say so.
 */
export async function createTopics({ brokers, partitions, names }: TopicsOptions): Promise<TopicsResult> {
  const wanted = (await readTopics(names)).map((topic) => ({
    ...topic,
    partitions: topic.partitions > 1 ? (partitions ?? topic.partitions) : topic.partitions,
  }))
  return await withAdmin(kafkaClient(brokers), async (admin) => {
    const existing = await partitionCounts(admin)
    const missing = wanted.filter(({ name }) => !existing.has(name))
    if (missing.length > 0) await create(admin, missing)
    for (const { name } of missing) await untilServed(admin, name)
    const different = wanted.flatMap(({ name, partitions: count }) => {
      const actual = existing.get(name)
      return actual === undefined || actual === count ? [] : [{ name, wanted: count, actual }]
    })
    return { created: missing.map(({ name }) => name), different }
  })
}

const topicsFile = z.object({
  topics: z.array(
    z.object({
      name: z.string().min(1),
      partitions: z.number().int().positive(),
      config: z.record(z.string(), z.string()).default({}),
    }),
  ),
})

type Topic = z.infer<typeof topicsFile>['topics'][number]

async function readTopics(names?: readonly string[]): Promise<readonly Topic[]> {
  const { topics } = topicsFile.parse(JSON.parse(await readFile(new URL('./topics.json', import.meta.url), 'utf8')))
  if (names === undefined) return topics
  const model = topics.find(({ name }) => name === 'order.events')
  if (model === undefined) throw new Error('topics.json does not name order.events, whose settings other topics get')
  return names.map((name) => ({ ...model, name }))
}

async function partitionCounts(admin: Admin): Promise<ReadonlyMap<string, number>> {
  const { topics } = await admin.fetchTopicMetadata()
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
}

/** A topic is there at once, and its partitions a little later: until then a broker says that it does not host or lead them. */
async function untilServed(admin: Admin, topic: string): Promise<void> {
  const deadline = performance.now() + createTimeoutMs
  for (;;) {
    try {
      await admin.fetchTopicOffsets(topic)
      return
    } catch (error) {
      if (!isRetriable(error) || performance.now() > deadline) throw error
      await wait(servedPollMs)
    }
  }
}

async function create(admin: Admin, topics: readonly Topic[]): Promise<void> {
  await admin.createTopics({
    // kafkajs would look once and reject where the broker has made a topic and does not serve it yet.
    waitForLeaders: false,
    timeout: createTimeoutMs,
    validateOnly: false,
    topics: topics.map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: brokersDefault,
      configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    })),
  })
}
