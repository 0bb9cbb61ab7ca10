import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type Kafka, type KafkaMessage, kafkaClient, withAdmin } from '../kafka/client.ts'
import { command, type Local } from './local.ts'
import { print } from './output.ts'

const usage = 'make consume TOPIC=order.events [FROM=2026-11-22T16:00:00Z | FROM=<offset>] [N=20] [F=1]'

/** `make consume`: a topic's messages until its end as it is now, at most N; with F=1 also what comes, until Ctrl-C. */
async function consume({ stack }: Local): Promise<void> {
  const [, , topic = '', from = '', count = '', follow = ''] = process.argv
  if (topic === '' || !/^(|[1-9]\d*)$/.test(count)) throw new Error(usage)
  const kafka = kafkaClient(stack.endpoints.brokers)
  const positions = await findPositions(kafka, topic, from)
  const limit = count === '' ? Number.POSITIVE_INFINITY : Number(count)
  await read(kafka, { topic, positions, limit, follow: follow !== '' })
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

async function findPositions(kafka: Kafka, topic: string, from: string): Promise<readonly Position[]> {
  return await withAdmin(kafka, async (admin) => {
    const partitions = await admin.fetchTopicOffsets(topic)
    const isOffset = /^\d+$/.test(from)
    const timeMs = isOffset || from === '' ? undefined : Date.parse(from)
    if (Number.isNaN(timeMs)) throw new Error(usage)
    const byTime = timeMs === undefined ? [] : await admin.fetchTopicOffsetsByTimestamp(topic, timeMs)
    return partitions.map(({ partition, low, high }) => {
      const wanted = isOffset ? from : (byTime.find((each) => each.partition === partition)?.offset ?? low)
      const start = BigInt(wanted) < BigInt(low) ? BigInt(low) : BigInt(wanted)
      return { partition, start, end: BigInt(high) }
    })
  })
}

async function read(kafka: Kafka, { topic, positions, limit, follow }: Reading): Promise<void> {
  const unread = new Set(positions.filter(({ start, end }) => start < end).map(({ partition }) => partition))
  if (unread.size === 0 && !follow) return
  // kafkajs reads only as a member of a group, so this one is made up and removed again.
  const groupId = `cli-${randomUUID()}`
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000, heartbeatInterval: 3_000, maxWaitTimeInMs: 200 })
  const enough = new AbortController()
  process.once('SIGINT', () => enough.abort())
  let printed = 0
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      if (enough.signal.aborted) return
      printMessage(topic, partition, message)
      printed += 1
      const end = positions.find((each) => each.partition === partition)?.end ?? 0n
      if (BigInt(message.offset) + 1n >= end) unread.delete(partition)
      if (printed >= limit || (unread.size === 0 && !follow)) enough.abort()
    },
  })
  for (const { partition, start } of positions) consumer.seek({ topic, partition, offset: String(start) })
  if (!enough.signal.aborted) await once(enough.signal, 'abort')
  await consumer.disconnect()
  await withAdmin(kafka, (admin) => admin.deleteGroups([groupId]))
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
