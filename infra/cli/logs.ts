import { open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { prettyFactory } from 'pino-pretty'
import { lastLines } from '../native/log-file.ts'
import { command, type Local } from './local.ts'
import { print } from './output.ts'

const pollMs = 200
const linesOfOne = 200
const linesOfEach = 30
/** Per file and poll; a service that logs faster is behind, not lost. */
const chunkBytes = 256 * 1024

/** `make logs`: the end of every log, or of `S=order` alone; with `F=1` also what comes, until Ctrl-C. */
async function logs({ stack }: Local): Promise<void> {
  const [, , only = '', follow = ''] = process.argv
  const directory = join(stack.directory, 'logs')
  const all = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.log')).toSorted()
  const names = all.map((name) => basename(name, '.log')).filter((name) => only === '' || name === only)
  if (names.length === 0) {
    throw new Error(only === '' ? 'Nothing has logged yet: make up' : `${only} has no log. There are: ${all.join(' ')}`)
  }
  const width = Math.max(...names.map((name) => name.length))
  const printLine = (name: string, line: string) =>
    print(only === '' ? `${name.padEnd(width)} | ${readable(line)}` : readable(line))
  for (const name of names) {
    const lines = await lastLines(join(directory, `${name}.log`), only === '' ? linesOfEach : linesOfOne)
    for (const line of lines) printLine(name, line)
  }
  if (follow !== '') {
    await Promise.all(names.map((name) => followFile(join(directory, `${name}.log`), (line) => printLine(name, line))))
  }
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

async function followFile(file: string, printLine: (line: string) => void): Promise<never> {
  const handle = await open(file)
  let position = (await handle.stat()).size
  let rest = ''
  const decoder = new TextDecoder()
  for (;;) {
    const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(chunkBytes), position })
    position += bytesRead
    const lines = (rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) printLine(line)
    if (bytesRead === 0) await wait(pollMs)
  }
}

await command(logs)
