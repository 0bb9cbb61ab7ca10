import { createTopics } from '../infra/index.ts'
import { kafkaClient, withAdmin } from '../infra/kafka/client.ts'
import type { World } from './world.ts'

const removedWithinMs = 10_000
const pollMs = 50

/** The saga's topics anew with so many partitions. Nothing may be under way: what is in them is gone. */
export async function furnishTopics({ stack }: World, partitions: number): Promise<void> {
  const { brokers } = stack.endpoints
  // Its producer would go on sending to partitions that it remembers, until it gives up after two minutes.
  await stack.stop('connect')
  await withAdmin(kafkaClient(brokers), async (admin) => {
    const names = (await admin.listTopics()).filter((name) => /^(order|payment|notification)\.events$/.test(name))
    await admin.deleteTopics({ topics: names })
    const until = performance.now() + removedWithinMs
    while ((await admin.listTopics()).some((name) => names.includes(name))) {
      if (performance.now() > until) throw new Error('Kafka did not remove the topics')
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  })
  await createTopics({ brokers, partitions })
  await stack.start('connect')
}
