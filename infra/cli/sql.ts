import pg from 'pg'
import { z } from 'zod'
import { choose } from './support/arguments/choice.ts'
import { print, printTable } from './support/display/output.ts'
import { UsageError } from './support/failure.ts'
import { command, type Local } from './support/stack/local.ts'
import { demandOurs } from './support/stack/ours.ts'

const statementTimeoutMs = 30_000
const databases = ['order', 'payment', 'notification', 'admin'] as const

/** `make sql`: one or more statements as a service's own role, or as superuser. */
async function sql(local: Local): Promise<void> {
  const [, , database = '', query = ''] = process.argv
  const role = choose({ variable: 'DB', value: database, known: databases })
  if (query.trim() === '') throw new UsageError(`Say what to run: make sql DB=${role} Q='select …'`)
  await demandOurs(local, 'postgres')
  const { endpoints } = local.stack
  const client = new pg.Client({
    connectionString: role === 'admin' ? endpoints.adminUrl : endpoints.databaseUrl(`${role}_service`),
    connectionTimeoutMillis: 3_000,
    statement_timeout: statementTimeoutMs,
    // Everything as PostgreSQL prints it: no number is rounded, no time moved to another zone.
    types: { getTypeParser: () => (text: string) => text },
  })
  // A server that goes away fails the statement, and that is told.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const results = await client.query({ text: query, rowMode: 'array' })
    for (const result of [results].flat()) printResult(result)
  } finally {
    await client.end()
  }
}

const texts = z.array(z.array(z.string().nullable()))

function printResult({ fields, rows, command: verb, rowCount }: pg.QueryArrayResult): void {
  if (fields.length === 0) {
    print(`  ${verb} ${rowCount ?? ''}`.trimEnd())
    return
  }
  const cells = texts.parse(rows).map((row) => row.map((value) => value ?? '∅'))
  printTable([fields.map(({ name }) => name), ...cells])
  print(`  ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`)
}

await command(sql)
