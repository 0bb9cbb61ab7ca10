import { armFailpoint, operationsOf, startParticipant } from '#messaging'
import { runService } from '#runtime'
import { orderCommands } from './commands.ts'
import { readOrderConfig } from './config.ts'
import { orderRoutes } from './http.ts'
import { orderMetrics } from './metrics.ts'
import { orderParticipant } from './saga.ts'
import type { OrderDatabase } from './tables.ts'

const config = readOrderConfig()
armFailpoint(config.FAILPOINT)

await runService<OrderDatabase>({
  service: 'order-service',
  settings: config,
  database: { url: config.ORDER_DATABASE_URL, poolMax: config.ORDER_DATABASE_POOL },
  assemble: ({ db, log, metrics }) => {
    const limits = { payWithinMs: config.PAY_WITHIN_MS, captureWithinMs: config.CAPTURE_WITHIN_MS }
    const participant = orderParticipant(limits)
    const observer = orderMetrics(metrics, db)
    return {
      routes: orderRoutes({ db, commands: orderCommands(db, participant, log), apiKeys: config.API_KEYS }),
      operations: operationsOf({ db, participant, log }),
      join: (kafka) => startParticipant(participant, { db, kafka, log, observer }),
    }
  },
})
