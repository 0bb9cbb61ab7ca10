import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Stack } from '../../../infra/index.ts'
import type { System } from '../../system.ts'
import type { Charge } from './config.ts'
import { databaseUrl, makeData } from './data.ts'
import { findings } from './findings.ts'
import { runs, startProcess, stopProcess, untilReady } from './processes.ts'

export interface BaselineOptions {
  /** Opened and running: PostgreSQL with `track_commit_timestamp`, and Kafka. */
  readonly stack: Stack
  readonly ports: { readonly order: number; readonly payment: number; readonly notification: number }
  readonly charge: Charge
}

/** Of each topic: as many as ours have. */
const partitions = 4

const names = ['order', 'payment', 'notification'] as const
type Name = (typeof names)[number]

const titles = {
  'hold-then-capture': 'dual write',
  'at-once': 'dual write, charged at once',
} as const satisfies Readonly<Record<Charge, string>>

/**
 * The usual way: write the row, then send the message, and hope that nothing happens in between. The same business
 * steps as ours, and nothing that makes them safe: no outbox, no dedupe, no history, no log. Its processes end with
 * the one that started them.
 */
export function baseline(options: BaselineOptions): System {
  const { stack, ports, charge } = options
  const children = new Map<Name, ChildProcess>()
  const start = async (name: Name): Promise<void> => {
    const logFile = join(stack.directory, 'logs', `baseline-${name}.log`)
    const described = { name, port: ports[name], logFile, environment: environmentOf(options) }
    const known = children.get(name)
    const child = known !== undefined && runs(known) ? known : await startProcess(described)
    // Before it is ready: one that never is must be stopped as well.
    children.set(name, child)
    await untilReady(child, described)
  }
  return {
    name: titles[charge],
    orders: {
      url: `http://127.0.0.1:${ports.order}/orders`,
      headers: { authorization: 'Bearer sk_test_paysaga', 'content-type': 'application/json' },
    },
    start: async () => {
      await makeData(stack, partitions)
      const starting = names.map(start)
      // All have come to something before one that failed is told: `stop` knows every process then.
      await Promise.allSettled(starting)
      await Promise.all(starting)
    },
    stop: async () => {
      await Promise.all([...children.values()].map(stopProcess))
      children.clear()
    },
    ...findings(databaseUrl(stack)),
    processes: async () => {
      const running = [...children].filter(([, child]) => runs(child)).map(([name, { pid }]) => ({ name, pid }))
      // Connect is idle meanwhile and none of this system.
      const stood = (await stack.status()).filter(({ name }) => name !== 'connect')
      return new Map(
        [...running, ...stood].flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])),
      )
    },
  }
}

function environmentOf(options: BaselineOptions): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: databaseUrl(options.stack),
    KAFKA_BROKERS: options.stack.endpoints.brokers.join(','),
    PARTITIONS: String(partitions),
    CHARGE: options.charge,
  }
}
