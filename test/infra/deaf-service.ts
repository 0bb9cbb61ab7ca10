import { z } from 'zod'
import { env, readConfig, runService, serviceVariables } from '#runtime'
import { consume } from '../../apps/shared/messaging/kafka/kafka.ts'
import { makeDeaf } from '../support/kafka/deaf-kafkajs.ts'

/** A service whose Kafka client leaves out every partition. consumer.test.ts waits for its end. */
const config = readConfig(z.object({ ...serviceVariables, PORT: env.port(), DATABASE_URL: env.databaseUrl() }))
const service = 'deaf-service'
makeDeaf([0, 1, 2, 3])

await runService<unknown>({
  service,
  settings: config,
  database: { url: config.DATABASE_URL, poolMax: 1 },
  assemble: ({ log }) => ({
    join: (kafka) => consume(kafka, { groupId: service, topic: 'order.events', onBatch: () => Promise.resolve() }, log),
  }),
})
