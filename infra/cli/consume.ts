import { randomUUID } from 'node:crypto'
import { type Kafka, type KafkaMessage, kafkaClient, withAdmin } from '../kafka/client.ts'
import { choose } from './support/arguments/choice.ts'
import { parseConsumption, type Start } from './support/arguments/consumption.ts'
import { ownTopics } from './support/arguments/topic-names.ts'
import { print } from './support/display/output.ts'
import { interruption, untilAborted } from './support/interruption.ts'
import { command, type Local } from './support/stack/local.ts'
import { demandOurs } from './support/stack/ours.ts'

/** `make consume`: a topic's messages until its end as it is now, at most N; with F=1 also what comes, until Ctrl-C. */
async function consume(local: Local): Promise<void> {
  const [, , topic = '', from = '', count = '', follow = ''] = process.argv
  const { start, limit } = parseConsumption({ topic, from, count })
  await demandOurs(local, 'kafka')
  const enough = interruption()
  const kafka = kafkaClient(local.stack.endpoints.brokers)
  const positions = await findPositions(kafka, topic, start)
  await read(kafka, { topic, positions, limit, follow: follow !== '' }, enough)
}

interface Position {
  readonly partition: number
  readonly start: bigint
  /** The offset that the next message would have got. */
  readonly end: bigint
}

interface Reading {
  readonly topic: string
  readonly positions: readonly Position[]
  readonly limit: number
  readonly follow: boolean
}

async function findPositions(kafka: Kafka, name: string, from: Start): Promise<readonly Position[]> {
  return await withAdmin(kafka, async (admin) => {
    const topic = choose({ variable: 'TOPIC', value: name, known: await ownTopics(admin) })
    const partitions = await admin.fetchTopicOffsets(topic)
    const byTime = from.is === 'time' ? await admin.fetchTopicOffsetsByTimestamp(topic, from.timeMs) : []
    return partitions.map(({ partition, low, high }) => {
      const found = BigInt(byTime.find((each) => each.partition === partition)?.offset ?? low)
      const wanted = from.is === 'offset' ? from.offset : found
      return { partition, start: wanted < BigInt(low) ? BigInt(low) : wanted, end: BigInt(high) }
    })
  })
}

/** Until all of it is read, or `interrupted` is aborted. */
async function read(
  kafka: Kafka,
  { topic, positions, limit, follow }: Reading,
  interrupted: AbortSignal,
): Promise<void> {
  const unread = new Set(positions.filter(({ start, end }) => start < end).map(({ partition }) => partition))
  if (unread.size === 0 && !follow) return
  // kafkajs reads only as a member of a group, so this one is made up and removed again.
  const groupId = `cli-${randomUUID()}`
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000, heartbeatInterval: 3_000, maxWaitTimeInMs: 200 })
  const read = new AbortController()
  const enough = AbortSignal.any([read.signal, interrupted])
  let printed = 0
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        if (enough.aborted) return
        printMessage(topic, partition, message)
        printed += 1
        const end = positions.find((each) => each.partition === partition)?.end ?? 0n
        if (BigInt(message.offset) + 1n >= end) unread.delete(partition)
        if (printed >= limit || (unread.size === 0 && !follow)) read.abort()
      },
    })
    for (const { partition, start } of positions) consumer.seek({ topic, partition, offset: String(start) })
    await untilAborted(enough)
  } finally {
    await consumer.disconnect()
    await removeGroup(kafka, groupId)
  }
}

/** A consumer that was interrupted before it joined has no group. */
async function removeGroup(kafka: Kafka, groupId: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    const { groups } = await admin.listGroups()
    if (groups.some((group) => group.groupId === groupId)) await admin.deleteGroups([groupId])
  })
}

function printMessage(
  topic: string,
  partition: number,
  { key, value, headers, offset, timestamp }: KafkaMessage,
): void {
  const time = new Date(Number(timestamp)).toISOString()
  print(`${topic}[${partition}]@${offset}  ${time}  key ${key === null ? '∅' : key.toString()}`)
  const names = Object.keys(headers ?? {}).toSorted()
  print(`  ${names.map((name) => `${name}=${[headers?.[name] ?? ''].flat().join(',')}`).join('  ')}`)
  print(`  ${value === null ? '∅' : value.toString()}`)
}

await command(consume)
