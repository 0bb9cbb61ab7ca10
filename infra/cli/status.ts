import { print } from './support/display/output.ts'
import { UsageError } from './support/failure.ts'
import { command, type Local } from './support/stack/local.ts'
import { issuesOf, verdictOf } from './support/status/issues.ts'
import { observe } from './support/status/observe.ts'
import { reportInJson, reportLines } from './support/status/words.ts'

/** So that a script can tell `not well` from a status that could not be taken. */
const unanswered = 2

/**
 * `make status`: whether all is well, then every process and what it waits for, every connector, consumer group and
 * replication slot, and what waits for a person. `--json`: the same as one document. Exit code 0 when all is well, 1 when
 * not, 2 when it cannot be told.
 */
async function status(local: Local): Promise<void> {
  const wantsJson = isJson(process.argv.slice(2).filter((argument) => argument !== ''))
  const report = await observe(local)
  const issues = issuesOf(report)
  if (wantsJson) print(reportInJson(report, issues))
  else for (const line of [verdictOf(report, issues), '', ...reportLines(report)]) print(line)
  if (issues.length > 0) process.exitCode = 1
}

function isJson(given: readonly string[]): boolean {
  const unknown = given.find((argument) => argument !== '--json')
  if (unknown !== undefined) throw new UsageError(`status knows --json, and not ${unknown}.`)
  return given.length > 0
}

await command(status, unanswered)
