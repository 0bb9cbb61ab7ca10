import { join } from 'node:path'
import { Client, type QueryResultRow } from 'pg'
import { migrate } from '../db/migrate.ts'
import {
  createTopics,
  freePorts,
  openServices,
  openStack,
  type Profile,
  type Services,
  type ServicesOptions,
  type Stack,
} from '../infra/index.ts'
import type { System } from './system.ts'
import { baseline } from './systems/dual-write/system.ts'
import type { BuildName } from './systems/paysaga/builds.ts'
import { paysaga, type Queries } from './systems/paysaga/system.ts'

/** A stack of the bench's own, on free ports and in a folder of its own; nothing that runs beside it is touched. */
export interface World {
  readonly stack: Stack
  readonly services: Services
  readonly ports: ServicesOptions['ports']
  /** Undefined: the services as they are, gateway over HTTP and mails by SMTP. */
  readonly paysaga: (name: string, build: BuildName | undefined, queries?: Queries) => System
  readonly baseline: (charge: 'hold-then-capture' | 'at-once') => System
  /** Another set of services on the same stack, for more than one process of each. */
  readonly replica: (name: ReplicaName) => Services
  /** Everything, also what an earlier bench has left running. */
  readonly stop: () => Promise<void>
  readonly query: <Row extends QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>
}

export const replicaNames = ['replica-2', 'replica-3'] as const
type ReplicaName = (typeof replicaNames)[number]

/** @param profile `test` compiles less, and so starts and ends sooner: for a bench whose numbers do not count */
export async function openWorld(directory: string, profile: Profile): Promise<World> {
  const free = await freePorts(28)
  const [postgres = 0, kafka = 0, kafkaController = 0, connect = 0, order = 0, payment = 0, notification = 0] = free
  const ports = servicePorts(free.slice(7))
  const stack = openStack({
    provider: 'native',
    directory,
    ports: { postgres, kafka, kafkaController, connect },
    profile,
  })
  const services = openServices({ stack, ports, profile })
  const replica = (name: ReplicaName): Services =>
    openServices({
      stack: { ...stack, directory: join(directory, name) },
      ports: servicePorts(free.slice(14 + 7 * replicaNames.indexOf(name))),
      profile,
    })
  const query: World['query'] = async <Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []) => {
    const client = new Client({ connectionString: stack.endpoints.adminUrl })
    await client.connect()
    try {
      return (await client.query<Row>(sql, [...values])).rows
    } finally {
      await client.end()
    }
  }
  return {
    stack,
    services,
    ports,
    paysaga: (name, build, queries) =>
      paysaga({ name, stack, services, ports, build, query, ...(queries === undefined ? {} : { queries }) }),
    baseline: (charge) => baseline({ stack, ports: { order, payment, notification }, charge }),
    replica,
    stop: async () => {
      await Promise.all([services, ...replicaNames.map(replica)].map((each) => each.stopAll()))
      await stack.stop()
    },
    query,
  }
}

function servicePorts(free: readonly number[]): ServicesOptions['ports'] {
  const [order = 0, payment = 0, notification = 0, relay = 0, gateway = 0, mailSmtp = 0, mailHttp = 0] = free
  return { order, payment, notification, relay, gateway, mailSmtp, mailHttp }
}

/** What every part stands on: databases and topics are there, and commits have times. */
export async function furnish({ stack, query }: World): Promise<void> {
  await query('alter system set track_commit_timestamp = on')
  await stack.stop('postgres')
  await stack.start('postgres')
  await migrate(stack.endpoints.adminUrl)
  await createTopics({ brokers: stack.endpoints.brokers })
}

/** Nothing is under way: the next run begins with empty tables, as the first did. */
export async function emptyTables({ query }: World): Promise<void> {
  await query(`
    truncate order_service.orders, order_service.orders_history, order_service.idempotency_keys, order_service.outbox,
             payment_service.payments, payment_service.payments_history, payment_service.ledger_transfers,
             payment_service.ledger_blocks, payment_service.gateway_event, payment_service.effect, payment_service.outbox,
             notification_service.notifications, notification_service.notifications_history,
             notification_service.effect, notification_service.outbox`)
}
