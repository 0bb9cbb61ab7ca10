import { readTopicsConfig } from '../../config.ts'
import { createTopics, differentWarning } from '../../kafka/topics.ts'
import { topicsOf } from './arguments.ts'
import { job } from './job.ts'

/** The one-shot job `topics [<name> …]`: makes what is missing of topics.json, or of those that are named, and ends. */
await job('topics', async () => {
  const names = topicsOf(process.argv.slice(2))
  const { KAFKA_BROKERS, KAFKA_PARTITIONS } = readTopicsConfig()
  const { created, different } = await createTopics({
    brokers: KAFKA_BROKERS.split(','),
    partitions: KAFKA_PARTITIONS,
    names,
  })
  const warnings = different.map(differentWarning)
  return [created.length === 0 ? 'nothing new' : `made ${created.join(', ')}`, ...warnings].join('\n')
})
