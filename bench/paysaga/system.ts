import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { firstApiKey, type ServiceName, type Services, type ServicesOptions, type Stack } from '../../infra/index.ts'
import type { System } from '../system.ts'
import type { BuildName } from './builds.ts'
import { endedSql, flawsSql, outcomesSql } from './queries.ts'

export interface PaysagaOptions {
  readonly name: string
  readonly stack: Stack
  readonly services: Services
  readonly ports: ServicesOptions['ports']
  /** Undefined: the services as they are, with the gateway over HTTP and mails by SMTP. */
  readonly build: BuildName | undefined
}

/** This system with all its guarantees, or a build of it. */
export function paysaga({ name, stack, services, ports, build }: PaysagaOptions): System {
  const outside: readonly ServiceName[] = build === undefined ? ['mail-sink', 'gateway-simulator'] : []
  const inside: readonly ServiceName[] = ['relay', 'order', 'payment', 'notification']
  const query = async <Row extends object>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> => {
    const client = new Client({ connectionString: stack.endpoints.adminUrl })
    await client.connect()
    try {
      return (await client.query<Row>(sql, [...values])).rows
    } finally {
      await client.end()
    }
  }
  return {
    name,
    orders: {
      url: `http://127.0.0.1:${ports.order}/orders`,
      headers: { authorization: `Bearer ${firstApiKey(services)}`, 'content-type': 'application/json' },
    },
    start: async () => {
      await Promise.all(outside.map((service) => services.start(service)))
      await Promise.all(inside.map((service) => services.start(service, environmentOf(build))))
    },
    stop: () => services.stopAll(),
    countEnded: async () => (await query<{ count: number }>(endedSql))[0]?.count ?? 0,
    outcomes: async (orderIds) =>
      (
        await query<{ id: string; notified_at_ms: number | null; paid_at_ms: number | null }>(outcomesSql, [orderIds])
      ).map(({ id, notified_at_ms, paid_at_ms }) => ({
        orderId: id,
        notifiedAtMs: notified_at_ms ?? undefined,
        paidAtMs: paid_at_ms ?? undefined,
      })),
    flaws: async () => (await query<{ flaw: string }>(flawsSql)).map(({ flaw }) => flaw),
    processes: async () => {
      const all = [...(await stack.status()), ...(await services.status())]
      return new Map(all.flatMap((each) => (each.pid === undefined ? [] : [[each.name, each.pid]])))
    },
  }
}

function environmentOf(build: BuildName | undefined): Readonly<Record<string, string>> {
  if (build === undefined) return {}
  const importing = fileURLToPath(new URL('./build.ts', import.meta.url))
  return { NODE_OPTIONS: `--import=${importing}`, BENCH_BUILD: build }
}
