import { commandBugs } from './command-bugs.ts'
import { paymentBugs } from './payment-bugs.ts'
import type { PlantedBug } from './planted-bug.ts'
import { runBugs } from './run-bugs.ts'

const kafkaPort = 'test/infra/consumer.test.ts'

export const bugs: readonly PlantedBug[] = [
  {
    name: 'what was handled before is handled again',
    file: 'apps/shared/messaging/decide/fold.ts',
    edits: [['if (position.version <= draft.position.version) {', 'if (position.version < 0) {']],
    caughtBy: {
      file: 'test/integration/messaging/batch.test.ts',
      test: 'has no effect twice when one event comes five times',
    },
  },
  {
    name: 'the same message twice in one batch is handled twice',
    file: 'apps/shared/messaging/decide/fold.ts',
    edits: [
      [
        'if (position.version <= draft.position.version) {',
        'if (position.version <= draft.position.version && draft.loadedVersion !== undefined) {',
      ],
    ],
    caughtBy: {
      file: 'test/integration/messaging/batch.test.ts',
      test: 'has no effect twice when one event comes five times',
    },
  },
  {
    name: 'a gap is handled at once',
    file: 'apps/shared/messaging/decide/fold.ts',
    edits: [
      ["if (position.version > draft.position.version + 1 && input !== 'discarded') {", 'if (position.version < 0) {'],
    ],
    caughtBy: {
      file: 'test/integration/messaging/parking.test.ts',
      test: 'because of a gap is parked with what follows',
    },
  },
  {
    name: 'a row that is missing is taken for nothing to do',
    file: 'apps/shared/messaging/decide/fold.ts',
    edits: [
      ["decision.is === 'notYet' ? notVisible : decision", "decision.is === 'notYet' ? { is: 'skipped' } : decision"],
    ],
    caughtBy: {
      file: 'test/integration/messaging/redriver.test.ts',
      test: 'speaks of a row that becomes visible later',
    },
  },
  {
    name: 'bad JSON throws out of the handler',
    file: 'apps/shared/messaging/message/delivery.ts',
    edits: [['    return new Undecodable(', '    throw new Undecodable(']],
    caughtBy: {
      file: 'test/integration/messaging/parking.test.ts',
      test: 'because of a payload that does not decode is parked',
    },
  },
  {
    name: 'a bug in deciding takes its whole batch along',
    file: 'apps/shared/messaging/decide/fold.ts',
    edits: [['if (item.position === undefined) throw error', 'throw error']],
    caughtBy: {
      file: 'test/integration/messaging/parking.test.ts',
      test: 'because of a bug in decide is parked with what follows',
    },
  },
  {
    name: 'one that is refused by the database is let go, and not parked',
    file: 'apps/shared/messaging/consumer/consumer.ts',
    edits: [['return items.map((item) => ({ ...item, input: new Failing(error) }))', 'return []']],
    caughtBy: {
      file: 'test/integration/messaging/parking.test.ts',
      test: 'because the database refuses it is parked alone',
    },
  },
  {
    name: 'a bad deploy parks every order there is',
    file: 'apps/shared/messaging/consumer/breaker.ts',
    edits: [['const keysMin = 5', 'const keysMin = 5_000']],
    caughtBy: { file: 'test/integration/messaging/parking.test.ts', test: 'is one of many that fail alike' },
  },
  {
    name: 'parked messages are handled in the order of their arrival',
    file: 'apps/shared/messaging/parking/parked-rows.ts',
    edits: [['where key = ${key} order by version limit 1', 'where key = ${key} order by parked_at, "offset" limit 1']],
    caughtBy: { file: 'test/integration/messaging/parking-lot.test.ts', test: 'redrive the same twice at once' },
  },
  {
    name: 'a key is let go while messages of it are parked',
    file: 'apps/shared/messaging/parking/parked-rows.ts',
    edits: [
      [
        'delete from parked_key where key = ${key} and not exists (select from parked_message where key = ${key})',
        'with gone as (delete from parked_message where key = ${key}) delete from parked_key where key = ${key}',
      ],
    ],
    caughtBy: { file: 'test/integration/messaging/redriver.test.ts', test: 'stays in order' },
  },
  {
    name: 'what is given up keeps its place, and blocks its key for ever',
    file: 'apps/shared/messaging/decide/fold.ts',
    edits: [["  if (input === 'discarded') return { is: 'skipped' }\n", '']],
    caughtBy: {
      file: 'test/integration/messaging/parking-lot.test.ts',
      test: 'discard a message: its position is passed',
    },
  },
  {
    name: 'effects are called without a lease',
    file: 'apps/shared/messaging/effects/leases.ts',
    edits: [["leased_until = now() + due.lease_ms * interval '1 millisecond'", 'leased_until = now()']],
    caughtBy: {
      file: 'test/integration/messaging/effects.test.ts',
      test: 'is not leased again while its call is under way',
    },
  },
  {
    name: 'the call is made again after a decision that failed',
    file: 'apps/shared/messaging/effects/outcomes.ts',
    edits: [['outcome: isKept ? participant.codec.encode(answer.outcome) : null,', 'outcome: null,']],
    caughtBy: {
      file: 'test/integration/messaging/effects.test.ts',
      test: 'is not called again because deciding on its answer failed',
    },
  },
  {
    name: 'the horizon counts from the last sending, and never ends',
    file: 'apps/shared/messaging/effects/leases.ts',
    edits: [
      [
        'attempts = attempts + 1, first_sent_at = coalesce(first_sent_at, now())',
        'attempts = attempts + 1, first_sent_at = now()',
      ],
    ],
    caughtBy: { file: 'test/integration/messaging/horizon.test.ts', test: 'has it counted from its first sending' },
  },
  {
    name: 'one kind of call takes the places of another',
    file: 'apps/shared/messaging/effects/places.ts',
    edits: [['const free = this.#free.get(kind) ?? 0', 'const free = Math.min(...this.#free.values())']],
    caughtBy: {
      file: 'test/integration/messaging/places.test.ts',
      test: 'of which all calls hang takes nothing from another',
    },
  },
  {
    name: 'a place is not kept while its transaction is open',
    file: 'apps/shared/messaging/effects/places.ts',
    edits: [['    this.#free.set(kind, free - count)\n', '']],
    caughtBy: { file: 'test/integration/messaging/places.test.ts', test: 'that may be called once at a time is' },
  },
  {
    name: 'the parked key is not locked while it is redriven',
    file: 'apps/shared/messaging/parking/parked-rows.ts',
    edits: [
      [
        'select cause, attempts from parked_key where key = ${key} for update`',
        'select cause, attempts from parked_key where key = ${key}`',
      ],
    ],
    caughtBy: {
      file: 'test/integration/messaging/redriver.test.ts',
      test: 'waits while another is parked behind its key',
    },
  },
  {
    name: 'the row of the outbox is committed by itself',
    file: 'apps/shared/messaging/transaction/decide-all.ts',
    edits: [
      ['[sql`said as (${appending(said.map((one) => outboxEvent(participant, one)))})`]', '[]'],
      [
        '  const { rows } = await statement.execute(trx)',
        `  if (said.length > 0) {
    await appending(said.map((one) => outboxEvent(participant, one))).execute(trx)
    await sql\`commit\`.execute(trx)
    await sql\`begin\`.execute(trx)
  }
  const { rows } = await statement.execute(trx)`,
      ],
    ],
    caughtBy: {
      file: 'test/integration/messaging/batch.test.ts',
      test: 'leaves neither state nor event when the transaction is rolled back',
    },
  },
  {
    name: 'a key may be null: the events of one order come in any order',
    file: 'db/messaging/0002_outbox.sql',
    edits: [['  aggregateid text not null,', '  aggregateid text,']],
    caughtBy: {
      file: 'test/integration/runtime/grants.test.ts',
      test: 'the outbox refuses what the connector could not ship',
    },
  },
  {
    name: 'the key of a message is not the order’s',
    file: 'infra/connect/outbox-connector.json',
    edits: [
      ['"transforms.outbox.table.field.event.key": "aggregateid"', '"transforms.outbox.table.field.event.key": "type"'],
    ],
    caughtBy: {
      file: 'test/infra/connector.test.ts',
      test: 'ships the outboxes of all schemas word for word, also rows that are older than its slot',
    },
  },
  {
    name: 'the offset is committed before the transaction',
    file: 'apps/shared/messaging/kafka/kafka-consumption.ts',
    edits: [
      [
        '        await this.#subscription.onBatch({\n',
        `        this.#handled.set(batch.partition, (BigInt(batch.lastOffset()) + 1n).toString())
        await this.#subscription.onBatch({\n`,
      ],
    ],
    caughtBy: { file: kafkaPort, test: 'aborts what is under way when it stops, and another one gets it again' },
  },
  {
    name: 'a new group begins with the newest message',
    file: 'apps/shared/messaging/kafka/kafka-consumption.ts',
    edits: [['fromBeginning: true', 'fromBeginning: false']],
    caughtBy: { file: kafkaPort, test: 'gives the messages of each key in order, with their headers and every byte' },
  },
  {
    name: 'a consumer that is left out is never noticed',
    file: 'apps/shared/messaging/kafka/hearing.ts',
    edits: [['return looks >= deafLooks', 'return false']],
    caughtBy: { file: kafkaPort, test: 'is built anew when its loop comes round and one partition is left out' },
  },
  {
    name: 'a process that stays deaf lives on',
    file: 'apps/shared/runtime/process/service.ts',
    edits: [['      void membership.lost.then((err) => life.fail(err))\n', '']],
    caughtBy: { file: kafkaPort, test: 'ends its process with 1 when a new consumer is as deaf' },
  },
  {
    name: 'nobody listens to the pool’s errors',
    file: 'apps/shared/runtime/database.ts',
    edits: [["  pool.on('error', (err) => options.log.warn({ err }, 'an idle database connection broke'))\n", '']],
    caughtBy: { file: 'test/unit/runtime/database.test.ts', test: 'survives a server that dies while nobody uses' },
  },
  {
    name: 'nobody listens to the errors of a connection in use',
    file: 'apps/shared/runtime/database.ts',
    edits: [
      [
        "  pool.on('connect', (client) => client.on('error', (err) => options.log.debug({ err }, 'a database connection broke')))\n",
        '',
      ],
    ],
    caughtBy: {
      file: 'test/unit/runtime/database.test.ts',
      test: 'survives a server that dies between two statements',
    },
  },
  {
    name: 'locks are taken in no order',
    file: 'apps/shared/messaging/transaction/jsonb-store.ts',
    edits: [
      [
        'where id = any(${uuidArray(keys)}::uuid[]) order by id for update',
        'where id = any(${uuidArray(keys)}::uuid[]) order by random() for update',
      ],
    ],
    caughtBy: { file: 'test/integration/messaging/deadlocks.test.ts', test: 'lock in the order of the keys' },
  },
  ...paymentBugs,
  ...commandBugs,
  ...runBugs,
]
