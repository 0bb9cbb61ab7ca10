// `make logs | head` ends the reader before the writer, which is no error.
process.stdout.on('error', () => process.exit(0))

/** One line for the person at the terminal. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** Columns as wide as their widest cell; the first row is the heading. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const [heading = []] = rows
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows) print(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}

/** Ends a command that failed. Detached processes that it has started go on. */
export function fail(error: unknown): never {
  print()
  print(isUnanswered(error) ? nothingAnswers : error instanceof Error ? error.message : String(error))
  process.exit(1)
}

const nothingAnswers = 'Nothing answers there. make up starts everything, make status says what runs and where.'

/** What fetch, pg and kafkajs throw when nobody listens; each wraps it in its own way. */
function isUnanswered(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (/ECONNREFUSED|connection error/i.test(error.message)) return true
  if ('code' in error && error.code === 'ECONNREFUSED') return true
  return isUnanswered(error.cause)
}

/** `1.2 s`, aligned. */
export function elapsed(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1_000).toFixed(1).padStart(5)} s`
}
