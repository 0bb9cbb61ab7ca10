import { kafkaClient, withAdmin } from '../kafka/client.ts'
import { ownTopics } from './support/arguments/topic-names.ts'
import { printTable } from './support/display/output.ts'
import { command, type Local } from './support/stack/local.ts'
import { demandOurs } from './support/stack/ours.ts'

/** `make topics`: how much is in each. Kafka's own topics are left out. */
async function topics(local: Local): Promise<void> {
  await demandOurs(local, 'kafka')
  await withAdmin(kafkaClient(local.stack.endpoints.brokers), async (admin) => {
    const names = await ownTopics(admin)
    const rows = await Promise.all(
      names.map(async (name) => {
        const partitions = (await admin.fetchTopicOffsets(name)).toSorted((a, b) => a.partition - b.partition)
        const messages = partitions.reduce((sum, { high, low }) => sum + BigInt(high) - BigInt(low), 0n)
        return [name, String(partitions.length), String(messages), partitions.map(({ high }) => high).join(' ')]
      }),
    )
    printTable([['topic', 'partitions', 'messages', 'end offsets'], ...rows])
  })
}

await command(topics)
