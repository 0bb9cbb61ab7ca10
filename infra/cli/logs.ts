import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { prettyFactory } from 'pino-pretty'
import { followFile, lastLines } from '../process/log-file.ts'
import { components, type Stack } from '../stack.ts'
import { didYouMean } from './support/arguments/nearest.ts'
import { print } from './support/display/output.ts'
import { UsageError } from './support/failure.ts'
import { interruption, untilAborted } from './support/interruption.ts'
import { command, type Local } from './support/stack/local.ts'
import { parts } from './support/stack/ours.ts'

const linesOfOne = 200
const linesOfEach = 30

interface Log {
  readonly name: string
  lastLines(count: number): Promise<readonly string[]>
  follow(onLine: (line: string) => void): Promise<void>
}

/** `make logs`: the end of every log, or of `S=order` alone; with `F=1` also what comes, until Ctrl-C. */
async function logs({ stack }: Local): Promise<void> {
  const [, , only = '', follow = ''] = process.argv
  const all = await logsOf(stack)
  const chosen = all.filter(({ name }) => only === '' || name === only)
  if (chosen.length === 0) throw only === '' ? new Error('Nothing has logged yet: make up') : noLog(only, all)
  const interrupted = follow === '' ? undefined : untilAborted(interruption())
  const width = Math.max(...chosen.map(({ name }) => name.length))
  const printLine = (name: string, line: string) =>
    print(only === '' ? `${name.padEnd(width)} | ${readable(line)}` : readable(line))
  for (const log of chosen) {
    const lines = await log.lastLines(only === '' ? linesOfEach : linesOfOne)
    for (const line of lines) printLine(log.name, line)
  }
  if (interrupted === undefined) return
  const ended = Promise.all(chosen.map((log) => log.follow((line) => printLine(log.name, line))))
  await Promise.race([ended, interrupted])
  // What follows the logs never returns, and holds nothing that has to be given back.
  process.exit(0)
}

function noLog(only: string, all: readonly Log[]): Error {
  const part = parts.find((name) => name === only)
  const names = all.map(({ name }) => name)
  if (part !== undefined) return new Error(`${part} has not logged yet: make up starts it.`)
  return new UsageError(
    `S=${only} does not exist.${didYouMean(only, [...parts, ...names])} There are logs of: ${names.join(', ')}.`,
  )
}

/** What has logged: the components, wherever they run, and the services, which log into files. */
async function logsOf(stack: Stack): Promise<readonly Log[]> {
  const directory = join(stack.directory, 'logs')
  const files = (await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.log')).toSorted()
  const ofComponents = await Promise.all(
    components.map(async (name) => ({
      name,
      hasLogged: (await stack.lastLines(name, 1)).length > 0,
      lastLines: (count: number) => stack.lastLines(name, count),
      follow: (onLine: (line: string) => void) => stack.follow(name, onLine),
    })),
  )
  const others = files
    .map((file) => ({ name: basename(file, '.log'), path: join(directory, file) }))
    .filter(({ name }) => !components.some((component) => component === name))
    .map(async ({ name, path }) => ({
      name,
      hasLogged: (await lastLines(path, 1)).length > 0,
      lastLines: (count: number) => lastLines(path, count),
      follow: (onLine: (line: string) => void) => followFile(path, onLine),
    }))
  return [...ofComponents, ...(await Promise.all(others))].filter(({ hasLogged }) => hasLogged)
}

const pretty = prettyFactory({
  colorize: process.stdout.isTTY,
  translateTime: 'SYS:HH:MM:ss.l',
  ignore: 'pid,hostname',
  singleLine: true,
})

/** A service logs JSON; PostgreSQL, Java, and a crash print text. */
function readable(line: string): string {
  return line.startsWith('{') ? pretty(line).trimEnd() : line
}

await command(logs)
