import { kafkaClient, withAdmin } from '../../../infra/kafka/client.ts'
import { consumerLag } from '../../../infra/kafka/lag.ts'
import type { Struck, World } from '../round.ts'
import { eventually } from './eventually.ts'
import { participants, startAgain } from './participants.ts'

const groups = [
  { group: 'order-service', topic: 'payment.events' },
  { group: 'payment-service', topic: 'order.events' },
  { group: 'notification-service', topic: 'order.events' },
]

/** When so many events were said, every group reads its topic again from the first message on. */
export const everythingAgain =
  (events: number) =>
  async ({ shop, load }: World): Promise<Struck> => {
    const kafka = kafkaClient(shop.stack.endpoints.brokers)
    const inTopics = async () =>
      await withAdmin(kafka, async (admin) => {
        const ends = await Promise.all(
          ['order.events', 'payment.events'].map((topic) => admin.fetchTopicOffsets(topic)),
        )
        return ends.flat().reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
      })
    await eventually(async () => (await inTopics()) >= events, 600_000)
    load.pause()
    for (const name of participants) await shop.services.stop(name)
    await withAdmin(kafka, async (admin) => {
      for (const { group, topic } of groups) await admin.resetOffsets({ groupId: group, topic, earliest: true })
    })
    const repeated = await inTopics()
    const behind = (await consumerLag(kafka, groups)).filter(({ group }) => groups.some((one) => one.group === group))
    if (behind.some(({ lagMessages }) => lagMessages === 0n)) throw new Error('a group does not begin again')
    const startedAt = Date.now()
    for (const name of participants) await startAgain(shop, name)
    await eventually(
      async () =>
        (await consumerLag(kafka, groups)).every(
          ({ lagMessages, group }) => lagMessages < 100n || !groups.some((one) => one.group === group),
        ),
      300_000,
    )
    const healedAt = Date.now()
    load.resume()
    return { how: `${repeated} events heard again in ${((healedAt - startedAt) / 1_000).toFixed(1)} s`, healedAt }
  }
