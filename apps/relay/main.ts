import {
  closeDatabase,
  createApp,
  createLogger,
  createMetrics,
  createReadiness,
  openDatabase,
  runProcess,
} from '#runtime'
import { readRelayConfig } from './config.ts'
import { connectAt } from './connect.ts'
import { readDatabases } from './databases.ts'
import { keep } from './keeper.ts'
import { watchedConnect, watchPartitions } from './metrics.ts'

// The keeper of the message relay: it keeps the connectors as they should be and the outboxes' partitions ahead of
// time. The services know nothing of it, and no message passes through it.
const service = 'relay'
const config = readRelayConfig()
const log = createLogger({ service, level: config.LOG_LEVEL })
const readiness = createReadiness()
const metrics = createMetrics(log)

await runProcess({
  service,
  host: config.HOST,
  port: config.PORT,
  log,
  readiness,
  app: createApp({ service, readiness, log, metrics }),
  start: async (life) => {
    const connect = watchedConnect(connectAt(config.CONNECT_URL, life.signal), metrics)
    for (const { url, desired } of await readDatabases(config)) {
      const db = openDatabase<unknown>({ url, service, poolMax: 2, log, metrics })
      life.onStop('database', () => closeDatabase(db))
      watchPartitions(metrics, { connector: desired.name, db })
      keep({ db, connect, desired }, life)
    }
  },
})
