import { z } from 'zod'
import { serviceSchemas } from '../../../db/migrate.ts'
import type { RecordedStatement, RecordedTransaction } from './recorder.ts'
import { holds, type Names, template, templateOf } from './substitution.ts'

const statement = z.strictObject({
  text: z.string(),
  values: z.array(template),
  /** Read or written; anything else is a fault. */
  rowCount: z.int(),
  /** Names for what this statement returns, for those after it. */
  learns: z.array(z.strictObject({ name: z.string(), row: z.int(), column: z.string() })),
})

/** Everything that PostgreSQL is told on behalf of one order, one transaction after the other. */
export const plan = z.strictObject({
  /** What every order has its own of: a new UUIDv7 each, before the first transaction. */
  fresh: z.array(z.string()),
  transactions: z.array(z.strictObject({ role: z.enum(serviceSchemas), statements: z.array(statement) })),
})

export type Plan = z.output<typeof plan>
type Statement = z.output<typeof statement>

export interface Recording {
  /** The ids that this order did not share with others and that the database was told, by name. */
  readonly names: Names
  readonly transactions: readonly RecordedTransaction[]
}

/**
 * @param again another order with the same content: what the two do not share must be known by name
 * @throws Error naming the first difference between the two that is neither known nor a time
 */
export function planOf(recording: Recording, again: Recording): Plan {
  const [plan, other] = [planOfOne(recording), planOfOne(again)]
  const [texts, others] = [linesOf(plan), linesOf(other)]
  for (const [index, text] of texts.entries()) {
    if (text === others[index]) continue
    throw new Error(`Two orders with the same content differ in what is not known:\n${text}\n${others[index]}`)
  }
  if (texts.length !== others.length) throw new Error('Two orders with the same content differ in their statements')
  return plan
}

export function countStatements({ transactions }: Plan): number {
  return transactions.reduce((sum, { statements }) => sum + statements.length, 0)
}

function planOfOne({ names, transactions }: Recording): Plan {
  const known = new Map(names)
  const sent: unknown[] = []
  return {
    fresh: [...names.keys()],
    transactions: transactions.map(({ role, statements }) => ({
      role,
      statements: statements.map((recorded) => {
        sent.push(...recorded.values)
        const values = recorded.values.map((value) => templateOf(value, known))
        const learns = learnedFrom(recorded, sent).map(({ id, row, column }) => {
          const name = `returned ${known.size - names.size + 1}`
          known.set(name, id)
          return { name, row, column }
        })
        return { text: recorded.text, values, rowCount: recorded.rowCount, learns }
      }),
    })),
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The database makes ids too: those that come back without ever having been sent. */
function learnedFrom({ rows }: RecordedStatement, sent: unknown[]) {
  return rows.flatMap((columns, row) =>
    Object.entries(columns).flatMap(([column, id]: [string, unknown]) => {
      if (typeof id !== 'string' || !uuid.test(id) || holds(sent, id)) return []
      sent.push(id)
      return [{ id, row, column }]
    }),
  )
}

const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g

/** Times stay as they were recorded: an order of the replay was placed when the recorded one was. */
const linesOf = ({ transactions }: Plan): string[] =>
  transactions.flatMap(({ role, statements }) =>
    statements.map((each: Statement) => `${role}: ${JSON.stringify(each).replaceAll(time, 'a time')}`),
  )
