import { readFile } from 'node:fs/promises'
import { closeDatabase, createApp, createLogger, createReadiness, openDatabase, runProcess } from '#runtime'
import { readRelayConfig } from './config.ts'
import { connectAt } from './connect.ts'
import { desiredConnector } from './connector.ts'
import { keep } from './keeper.ts'

// The keeper of the message relay: it keeps the connectors as they should be and the outboxes' partitions ahead of
// time. The services know nothing of it, and no message passes through it.
const service = 'relay'
const config = readRelayConfig()
const log = createLogger({ service, level: config.LOG_LEVEL })
const readiness = createReadiness()

await runProcess({
  service,
  port: config.PORT,
  log,
  readiness,
  app: createApp({ service, readiness, log }),
  start: async (life) => {
    const template = await readFile(config.CONNECTOR_TEMPLATE, 'utf8')
    const connect = connectAt(config.CONNECT_URL, life.signal)
    for (const url of config.RELAY_DATABASE_URLS) {
      const db = openDatabase<unknown>({ url, service, poolMax: 2, log })
      life.onStop('database', () => closeDatabase(db))
      keep({ db, connect, desired: desiredConnector(template, url) }, life)
    }
  },
})
