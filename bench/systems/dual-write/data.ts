import pg from 'pg'
import type { Stack } from '../../../infra/index.ts'
import { kafkaClient, withAdmin } from '../../../infra/kafka/client.ts'
import { orderTopic, paymentTopic } from './events.ts'

const database = 'baseline'
const createTimeoutMs = 10_000

/** As the superuser: whom a naive service trusts is not what is compared. */
export const databaseUrl = ({ endpoints }: Stack): string => endpoints.databaseUrl('postgres', database)

/** Makes the database, its tables and the topics that are missing. */
export async function makeData(stack: Stack, partitions: number): Promise<void> {
  await Promise.all([makeTables(stack), makeTopics(stack, partitions)])
}

/** Nothing is under way: the next run begins with empty tables, as the first did. */
export async function emptyBaseline(stack: Stack): Promise<void> {
  await makeTables(stack)
  await withClient(databaseUrl(stack), (client) => client.query('truncate orders, payments, notifications'))
}

async function makeTables(stack: Stack): Promise<void> {
  await withClient(stack.endpoints.adminUrl, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database])
    if (rowCount === 0) await client.query(`create database ${database}`)
  })
  await withClient(databaseUrl(stack), (client) => client.query(tables))
}

async function withClient(connectionString: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** Throws where a topic has another number of partitions: a comparison would be of something else than it says. */
async function makeTopics({ endpoints }: Stack, partitions: number): Promise<void> {
  await withAdmin(kafkaClient(endpoints.brokers), async (admin) => {
    const existing = new Set(await admin.listTopics())
    const missing = [orderTopic, paymentTopic].filter((topic) => !existing.has(topic))
    await admin.createTopics({
      waitForLeaders: true,
      timeout: createTimeoutMs,
      topics: missing.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: 1 })),
    })
    const { topics } = await admin.fetchTopicMetadata({ topics: [orderTopic, paymentTopic] })
    for (const { name, partitions: actual } of topics)
      if (actual.length !== partitions) throw new Error(`${name} has ${actual.length} partitions and not ${partitions}`)
  })
}

/**
 * No key of a message, no position, no history: an order's payments and notifications have an id of their own, and
 * nothing keeps a repeated message from making a second one. Room on the page lets updates stay there, as ours do.
 */
const tables = `
create table if not exists orders (
  id uuid not null primary key,
  merchant_id uuid not null,
  status text not null check (status in ('pending', 'confirmed', 'paid')),
  currency text not null,
  total_minor bigint not null,
  captured_minor bigint not null default 0,
  items jsonb not null,
  customer jsonb not null,
  payment_method text not null,
  pay_by timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 70);

create table if not exists payments (
  id uuid not null primary key,
  order_id uuid not null,
  merchant_id uuid not null,
  status text not null check (status in ('authorised', 'captured')),
  currency text not null,
  amount_minor bigint not null,
  captured_minor bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
) with (fillfactor = 70);
create index if not exists payments_order_id_idx on payments (order_id);

create table if not exists notifications (
  id uuid not null primary key,
  order_id uuid not null,
  merchant_id uuid not null,
  kind text not null,
  created_at timestamptz not null default now()
);
create index if not exists notifications_order_id_idx on notifications (order_id);
`
