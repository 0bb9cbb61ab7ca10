import { failureInWords, UsageError } from '../failure.ts'

/** `make logs | head` ends the reader before the writer, which is no error. */
let readerLeft = (): void => process.exit(0)
process.stdout.on('error', () => readerLeft())

/** What to do when nothing reads the output any more, for a command that has something to clean up first. */
export function whenReaderLeaves(then: () => void): void {
  readerLeft = then
}

/** One line for the person at the terminal. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** One line that is no part of the answer: a warning, or what went wrong. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Columns as wide as their widest cell; the first row is the heading. */
export function printTable(rows: readonly (readonly string[])[]): void {
  for (const line of tableLines(rows)) print(line)
}

export function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const [heading = []] = rows
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
}

/**
 * Ends a command that failed: 2 for one that was called wrongly, else `exitCode`. Detached processes that it has started
 * go on.
 */
export function fail(error: unknown, exitCode = 1): never {
  complain(failureInWords(error))
  process.exit(error instanceof UsageError ? 2 : exitCode)
}

/** `1.2 s`, aligned. */
export function elapsed(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1_000).toFixed(1).padStart(5)} s`
}
