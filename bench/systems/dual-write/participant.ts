import { once } from 'node:events'
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { serveHttp } from '../../../apps/shared/runtime/process/listening.ts'
import type { BaselineConfig, Charge } from './config.ts'
import { type Database, openDatabase } from './database.ts'
import type { Listener } from './events.ts'
import { consume, openProducer, type Say } from './kafka.ts'

export interface Participant {
  readonly name: string
  readonly listensTo: string
  /** What it does with each message it hears, and what it answers over HTTP. */
  readonly assemble: (parts: Parts) => { readonly listeners: readonly Listener[]; readonly app: Hono }
}

export interface Parts {
  readonly database: Database
  readonly say: Say
  readonly charge: Charge
}

const drainTimeoutMs = 2_000
/** From the end of the process that started this one. */
const orphanEndsWithinMs = 10_000

/** Runs until SIGTERM, or until the process that started it is gone. */
export async function run(config: BaselineConfig, { name, listensTo, assemble }: Participant): Promise<void> {
  const orphaned = parentGone()
  const kafka = { brokers: config.KAFKA_BROKERS, clientId: `baseline-${name}`, partitions: config.PARTITIONS }
  const database = openDatabase({ url: config.DATABASE_URL, poolMax: config.DATABASE_POOL })
  const producer = await openProducer(kafka)
  const { app, listeners } = assemble({ database, say: producer.say, charge: config.CHARGE })
  const consumer = await consume(kafka, listensTo, listeners)
  // It answers only from here on, a member of its group: that is what ready means.
  app.get('/readyz', (c) => c.json({ status: 'ready' }))
  const respond = getRequestListener(app.fetch)
  const server = createServer((request, response) => void respond(request, response))
  const http = await serveHttp(server, { port: config.PORT, host: config.HOST })

  await Promise.race([once(process, 'SIGTERM'), orphaned])
  await http.drain({ openMs: 0, endMs: drainTimeoutMs })
  await consumer.close()
  await producer.close()
  await database.close()
  process.exit(0)
}

/** Its end of the pipe closes with the parent, however that one dies. */
async function parentGone(): Promise<void> {
  process.stdin.resume()
  await once(process.stdin, 'close')
  setTimeout(() => process.exit(1), orphanEndsWithinMs).unref()
}

export const noRoutes = (): Hono => new Hono()
