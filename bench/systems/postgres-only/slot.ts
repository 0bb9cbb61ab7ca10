import { randomUUIDv7 } from 'node:crypto'
import pg from 'pg'
import { beginWith } from '../../../apps/shared/runtime/database.ts'
import { type ServiceSchema, serviceSchemas } from '../../../db/migrate.ts'
import type { Command } from './command.ts'
import type { Plan } from './plan.ts'
import { filling } from './substitution.ts'

/** Takes one order after the other through its transactions, and none before the last has ended. */
export interface Slot {
  /** @throws Error when a statement fails, or reads or writes other rows than the recorded one */
  runOrder(plan: RunnablePlan): Promise<void>
  close(): Promise<void>
}

/** Three connections, as one order needs them: one for each service. */
export async function openSlot(urls: Command['urls']): Promise<Slot> {
  const opened = await Promise.all(serviceSchemas.map(async (role) => [role, await connect(urls[role])] as const))
  const clients = new Map<ServiceSchema, pg.Client>(opened)
  return {
    runOrder: async ({ fresh, transactions }) => {
      const names = new Map(fresh.map((name) => [name, randomUUIDv7()]))
      for (const { role, statements } of transactions) {
        const client = clients.get(role)
        if (client === undefined) throw new Error(`There is no connection for ${role}`)
        await runTransaction(client, statements, names)
      }
    },
    close: async () => {
      await Promise.all(opened.map(([, client]) => client.end()))
    },
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  // As the services connect: see apps/shared/runtime/database.ts.
  const options = '-c plan_cache_mode=force_generic_plan'
  const client = new pg.Client({ connectionString, options, pipeline: true, connectionTimeoutMillis: 10_000 })
  await client.connect()
  return client
}

/** Enough to recognise a statement by. */
const shownLength = 100

async function runTransaction(client: pg.Client, statements: readonly Runnable[], names: Names): Promise<void> {
  let begun = false
  for (const statement of statements) {
    const query = { name: statement.name, text: statement.text, values: statement.fill.map((fill) => fill(names)) }
    const { rows, rowCount } = await (begun ? client.query<Row>(query) : beginWith<Row>(client, query))
    begun = true
    if (rowCount !== statement.rowCount) {
      throw new Error(
        `${rowCount} rows instead of ${statement.rowCount}: ${statement.text.trim().slice(0, shownLength)}`,
      )
    }
    for (const { name, row, column } of statement.learns) names.set(name, String(rows[row]?.[column]))
  }
  await client.query('commit')
}

type Row = Record<string, unknown>
type Names = Map<string, string>

interface Runnable extends Pick<Plan['transactions'][number]['statements'][number], 'text' | 'rowCount' | 'learns'> {
  readonly name: string
  readonly fill: readonly ReturnType<typeof filling>[]
}

export interface RunnablePlan {
  readonly fresh: readonly string[]
  readonly transactions: readonly { readonly role: ServiceSchema; readonly statements: readonly Runnable[] }[]
}

/** A statement has the same name in all of them: a connection has it parsed once. */
export function runnable(plans: readonly Plan[]): readonly RunnablePlan[] {
  const texts = new Map<string, string>()
  const nameOf = (text: string): string => {
    const name = texts.get(text) ?? `s${texts.size}`
    texts.set(text, name)
    return name
  }
  return plans.map(({ fresh, transactions }) => ({
    fresh,
    transactions: transactions.map(({ role, statements }) => ({
      role,
      statements: statements.map(({ text, values, rowCount, learns }) => ({
        text,
        rowCount,
        learns,
        name: nameOf(text),
        fill: values.map(filling),
      })),
    })),
  }))
}
