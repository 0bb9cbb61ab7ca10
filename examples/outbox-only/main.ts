import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { z } from 'zod'
import { appendToOutbox } from '#messaging'
import { readConfig } from '#runtime'

// Nothing but the outbox: an invoice of your own table and the event that tells of it are one transaction. Debezium ships
// the event to the topic `billing.events`; how you consume it there is your own affair. From the project's root, where the
// second line is for a machine whose Node is older than 24.16:
//   make up
//   export PATH="$PWD/infra/node/node_modules/.bin:$PATH"
//   export MIGRATIONS_DATABASE_URL=postgres://postgres@127.0.0.1:15432/paysaga KAFKA_BROKERS=127.0.0.1:19092
//   node infra/cli/jobs/migrations.ts billing examples/outbox-only/migrations
//   node infra/cli/jobs/topics.ts billing.events
//   export BILLING_DATABASE_URL=postgres://billing@127.0.0.1:15432/paysaga
//   node examples/outbox-only/main.ts ada@example.com 1290 EUR
//   make consume TOPIC=billing.events

interface Database {
  invoice: { id: string; customer: string; amount_minor: bigint; currency: string }
}

const [, , customer = '', amount = '', currency = 'EUR'] = process.argv
const wrong = [
  ...(customer === '' ? ['the customer is missing'] : []),
  ...(/^[1-9]\d{0,14}$/.test(amount) ? [] : [`the amount is "${amount}", not a whole number of minor units above 0`]),
  ...(/^[A-Z]{3}$/.test(currency) ? [] : [`the currency is "${currency}", not a code such as EUR`]),
]
if (wrong.length > 0) {
  process.stderr.write(`${wrong.join('\n')}\nnode examples/outbox-only/main.ts <customer> <amount> [<currency>]\n`)
  process.exit(1)
}

const config = readConfig(
  z.object({
    /** In the role `billing`, which the migrations have made. */
    BILLING_DATABASE_URL: z.string(),
  }),
)
const pool = new pg.Pool({ connectionString: config.BILLING_DATABASE_URL, max: 1 })
await using db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })

const id = await db.transaction().execute(async (trx) => {
  const invoice = await trx
    .insertInto('invoice')
    .values({ id: crypto.randomUUID(), customer, amount_minor: BigInt(amount), currency })
    .returning('id')
    .executeTakeFirstOrThrow()
  await appendToOutbox(trx, [
    {
      stream: 'billing',
      // The Kafka key: the events of one invoice stay in their order.
      key: invoice.id,
      type: 'InvoiceIssued',
      // The event's number among those of its key, without a hole. A consumer finds repeats and losses by it.
      version: 1,
      payload: JSON.stringify({ invoiceId: invoice.id, customer, amountMinor: Number(amount), currency }),
      correlationId: invoice.id,
      causationId: invoice.id,
      traceparent: '',
      source: 'billing',
    },
  ])
  return invoice.id
})
process.stdout.write(`${id}\n`)
