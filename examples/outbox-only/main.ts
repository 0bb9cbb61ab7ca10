import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { z } from 'zod'
import { appendToOutbox } from '#messaging'
import { readConfig } from '#runtime'

// Nothing but the outbox: an invoice of your own table and the event that tells of it are one transaction. Debezium ships
// the event to the topic `billing.events`; how you consume it there is your own affair.
//   node examples/outbox-only/main.ts ada@example.com 1290 EUR

interface Database {
  invoice: { id: string; customer: string; amount_minor: bigint; currency: string }
}

const config = readConfig(
  z.object({
    /** In the role `billing`, which the migrations have made. */
    BILLING_DATABASE_URL: z.string(),
  }),
)
const [, , customer = '', amount = '0', currency = 'EUR'] = process.argv

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
