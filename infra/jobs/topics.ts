import { readTopicsConfig } from '../config.ts'
import { createTopics, differentWarning } from '../kafka/topics.ts'
import { job } from './job.ts'

/** The one-shot job `topics`: makes what is missing of topics.json, and ends. */
await job('topics', async () => {
  const { KAFKA_BROKERS, KAFKA_PARTITIONS } = readTopicsConfig()
  const { created, different } = await createTopics({ brokers: KAFKA_BROKERS.split(','), partitions: KAFKA_PARTITIONS })
  const warnings = different.map(differentWarning)
  return [created.length === 0 ? 'nothing new' : `made ${created.join(', ')}`, ...warnings].join('\n')
})
