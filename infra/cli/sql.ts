import pg from 'pg'
import { z } from 'zod'
import type { Stack } from '../stack.ts'
import { command, type Local } from './local.ts'
import { print, printTable } from './output.ts'

const statementTimeoutMs = 30_000
const usage = "make sql DB=order|payment|notification|admin Q='select …'"

/** `make sql`: one or more statements as a service's own role, or as superuser. */
async function sql({ stack }: Local): Promise<void> {
  const [, , database = '', query = ''] = process.argv
  const url = urlFor(stack, database)
  if (url === undefined || query === '') throw new Error(usage)
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3_000,
    statement_timeout: statementTimeoutMs,
    // Everything as PostgreSQL prints it: no number is rounded, no time moved to another zone.
    types: { getTypeParser: () => (text: string) => text },
  })
  await client.connect()
  try {
    const results = await client.query({ text: query, rowMode: 'array' })
    for (const result of [results].flat()) printResult(result)
  } finally {
    await client.end()
  }
}

function urlFor({ endpoints }: Stack, database: string): string | undefined {
  if (database === 'admin') return endpoints.adminUrl
  return ['order', 'payment', 'notification'].includes(database)
    ? endpoints.databaseUrl(`${database}_service`)
    : undefined
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
