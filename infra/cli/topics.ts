import { kafkaClient, withAdmin } from '../kafka/client.ts'
import { command, type Local } from './local.ts'
import { printTable } from './output.ts'

/** `make topics`: how much is in each. Kafka's own topics are left out. */
async function topics({ stack }: Local): Promise<void> {
  await withAdmin(kafkaClient(stack.endpoints.brokers), async (admin) => {
    const names = (await admin.listTopics()).filter((name) => !name.startsWith('__')).toSorted()
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
