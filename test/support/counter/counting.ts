import { sql } from 'kysely'
import type { Log } from '#messaging'
import { handleBatches } from '../../../apps/shared/messaging/consumer/consumer.ts'
import type { KafkaMessage } from '../../../apps/shared/messaging/message/kafka-message.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { freshDatabase } from '../system/database.ts'
import { type Counter, type CounterVocabulary, counterParticipant, createCounterTables, silentLog } from './counter.ts'

/** As the batch of one partition. Rejects with what keeps the partition from going on. */
export async function handleAlone(
  options: Parameters<typeof handleBatches<CounterVocabulary>>[0],
  messages: readonly KafkaMessage[],
): Promise<void> {
  const [obstacle] = await handleBatches(options, [{ messages, signal: new AbortController().signal }])
  if (obstacle !== undefined) throw obstacle
}

export interface CounterRow {
  readonly version: number
  readonly source_version: number
  readonly state: Counter
}

/** A database with the counters in it, seen with the eyes of the service that owns them. */
export async function counting(serverUrl: string) {
  const database = await freshDatabase(serverUrl)
  await createCounterTables(database.open<unknown>('postgres', 1))
  const db = database.open<unknown>('payment_service')
  const select = async <Row>(statement: ReturnType<typeof sql<Row>>): Promise<readonly Row[]> =>
    (await statement.execute(db)).rows
  return {
    db,
    database,
    handle: (messages: readonly KafkaMessage[], { participant = counterParticipant(), log = silentLog }: With = {}) =>
      handleAlone({ db, participant, log, troubles: new Troubles() }, messages),
    counter: async (key: string): Promise<CounterRow | undefined> =>
      (await select(sql<CounterRow>`select version, source_version, state from counters where id = ${key}`))[0],
    /** What it said, in order: type, version and payload. */
    said: (key: string) =>
      select(sql<{ type: string; aggregate_version: number; payload: string }>`
        select type, aggregate_version, payload from outbox where aggregateid = ${key} order by id`),
    count: async (table: string): Promise<number> =>
      Number((await select(sql<{ n: string }>`select count(*) as n from ${sql.table(table)}`))[0]?.n),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

interface With {
  readonly participant?: ReturnType<typeof counterParticipant>
  readonly log?: Log
}

export type Counting = Awaited<ReturnType<typeof counting>>
