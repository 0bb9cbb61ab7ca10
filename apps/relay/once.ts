import { setTimeout } from 'node:timers/promises'
import { closeDatabase, createLogger, createMetrics, describeError, openDatabase } from '#runtime'
import { readRelayConfig } from './config.ts'
import { connectAt } from './connect.ts'
import { type Condition, keepConnector } from './connector.ts'
import { readDatabases } from './databases.ts'
import { coverDays } from './partitions.ts'

// What the relay does all the time, once: for a deployment that has its own eye on Kafka Connect. Ends with 0 when every
// connector runs, and with 1 when one does not after a minute and a half.
const service = 'relay'
const lookMs = 500
const timeoutMs = 90_000
const stuckMs = 20_000

const config = readRelayConfig()
const log = createLogger({ service, level: config.LOG_LEVEL })
const metrics = createMetrics(log)
const signal = AbortSignal.timeout(timeoutMs)

try {
  const connect = connectAt(config.CONNECT_URL, signal)
  for (const { url, desired } of await readDatabases(config)) {
    const db = openDatabase<unknown>({ url, service, poolMax: 1, log, metrics })
    await coverDays(db)
    await closeDatabase(db)
    let lookedAt = performance.now()
    for (;;) {
      const isStuck = performance.now() - lookedAt > stuckMs
      if (isStuck) lookedAt = performance.now()
      // It cannot be reached for a moment while its workers share out the work.
      const condition = await keepConnector(connect, desired, isStuck).catch(
        (error): Condition => ({ is: 'waiting', because: describeError(error) }),
      )
      log.info({ connector: desired.name, ...condition }, 'looked at the connector')
      if (condition.is === 'running') break
      await setTimeout(lookMs, undefined, { signal })
    }
  }
} catch (err) {
  log.fatal({ err }, 'the connectors do not run')
  process.exitCode = 1
}
